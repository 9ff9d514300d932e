import type { RootDatabase } from 'lmdb';
import { transact } from '../../../runtime/lmdb.js';
import type { FeatureSource } from '../../registry/model.js';
import type { OnlineWrite } from '../online-store.js';
import type { Rows } from './row-databases.js';
import { rowKey } from './history-key.js';
import { encodeWrite } from './merge-write.js';
import { PendingHistory, type PendingCommit, type PendingRow } from './pending-history.js';
import type { SlotNumbers } from './slot-numbers.js';

/** Rows of the log that wait in memory to be stored together, and their bytes: more take less time for each, and longer at a start. */
const MAX_PENDING_ROWS = 50_000;
const MAX_PENDING_BYTES = 16_777_216;

/** Rows that one transaction stores: readers and writers wait for some milliseconds. */
const ROWS_PER_TRANSACTION = 1_000;

/** How far the stored histories are in the log: they have the rows of all its commits up to this one. */
export interface LogRecord {
  readonly id: string;
  readonly sequence: number;
}

/** The key-value histories of the file. */
export interface StoredHistories {
  /** Whether any source has a history, or one that is being built. */
  readonly hasRows: () => boolean;
  /** The databases that get the rows of a source. */
  readonly targetsOf: (source: FeatureSource) => readonly Rows[];
  readonly putRecord: (record: LogRecord) => void;
}

/**
 * Brings the rows of the log into the key-value histories: some time after their commit, many at once. Until then they are read from memory.
 * A row that is stored alone changes one page of the file or two, which was more than half of a commit of 1,000 rows; of many rows, those
 * of an entity are on the same page. The log keeps its commits until their rows are stored.
 */
export class HistoryOfLog {
  readonly pending = new PendingHistory();

  constructor(
    private readonly environment: RootDatabase,
    private readonly numbers: SlotNumbers,
    private readonly histories: StoredHistories,
  ) {}

  /** The log goes on, with commits whose rows the histories may lack. */
  begin(readKept: () => readonly PendingCommit[]): void {
    if (this.histories.hasRows()) for (const commit of readKept()) this.pending.add(commit);
  }

  /** Call this inside the write transaction of a commit: a reader of its rows needs the numbers of their slots. */
  numberSlots(rows: readonly OnlineWrite[]): void {
    if (!this.histories.hasRows()) return;
    let last: FeatureSource | undefined;
    for (const { source } of rows) if (source !== last) this.numbers.slotsOf((last = source));
  }

  /** Reads find the rows of a commit from now on. Call this when it is durable. `bytes` is their size in the log. */
  committed(sequence: number, rows: readonly OnlineWrite[], bytes: number): void {
    if (this.histories.hasRows()) this.pending.add({ sequence, rows, bytes });
  }

  /** Whether the rows that are not stored are few enough to wait for more. */
  get mayWait(): boolean {
    const { rows, bytes } = this.pending.size;
    return rows > 0 && rows < MAX_PENDING_ROWS && bytes < MAX_PENDING_BYTES;
  }

  /**
   * Stores the rows of the commits up to this one. The log removes them afterwards: if the process ends before, the next one stores the same
   * rows again.
   */
  async store(upTo: number): Promise<void> {
    let some: PendingRow[] = [];
    const storeSome = async (): Promise<void> => {
      const rows = some;
      some = [];
      await transact(this.environment, () => this.#put(rows));
    };
    for (const row of this.pending.list(upTo)) if (some.push(row) === ROWS_PER_TRANSACTION) await storeSome();
    if (some.length > 0) await storeSome();
  }

  /** Call this inside the write transaction that removes the commits of the log. */
  noteStored(record: LogRecord): void {
    if (this.histories.hasRows()) this.histories.putRecord(record);
  }

  #put(rows: readonly PendingRow[]): void {
    let last: FeatureSource | undefined;
    let targets: readonly Rows[] = [];
    for (const { write, arrival } of rows) {
      if (write.source !== last) targets = this.histories.targetsOf((last = write.source));
      if (targets.length === 0) continue;
      const encoded = encodeWrite(write, this.numbers);
      const key = rowKey(write.entityId, write.version, arrival);
      for (const target of targets) void target.put(key, encoded);
    }
  }
}
