import type { Instant } from '../../../values/instant.js';
import { compareVersions } from '../online-store.js';
import type { Rows } from './row-databases.js';
import { keysUpTo } from './history-key.js';
import { encodeWrite } from './merge-write.js';
import type { PendingHistory, PendingRow } from './pending-history.js';
import { RowReader } from './row-codec.js';
import type { SlotNumbers } from './slot-numbers.js';

/** The rows of one source of the key-value history: those that are stored, and those that only the log has yet. */
export class SourceRows {
  constructor(
    readonly stored: Rows,
    private readonly pending: PendingHistory,
    /** The key of the source (source-key.ts). */
    private readonly key: string,
    private readonly numbers: SlotNumbers,
  ) {}

  /**
   * The rows of an entity up to a time, null: all of them; the newest first. `isStrict`: without those of exactly this time. A row that is
   * being stored may come twice.
   */
  *newestFirst(entityId: string, time: Instant | null, isStrict = false): Generator<RowReader, void> {
    const { before, after } = keysUpTo(entityId, time, isStrict);
    const pending = this.pending.find(this.key, entityId, time, isStrict);
    let left = pending.length;
    for (const { value } of this.stored.getRange({ start: after, end: before, reverse: true })) {
      const row = new RowReader(value);
      if (left > 0) {
        // All slots of such a row have one version.
        const version = row.version(0);
        while (left > 0 && compareVersions(pending[left - 1]!.write.version, version) > 0)
          yield this.#read(pending[(left -= 1)]!);
      }
      yield row;
    }
    while (left > 0) yield this.#read(pending[(left -= 1)]!);
  }

  #read({ write }: PendingRow): RowReader {
    // A copy: the bytes are valid until the next row is encoded.
    return new RowReader(Buffer.from(encodeWrite(write, this.numbers)));
  }
}
