import type { Instant } from '../../../values/instant.js';
import { compareVersions, type OnlineWrite } from '../online-store.js';
import { sourceKey } from './source-key.js';

/** A row with its place in the log: the number of its commit, and its number there. */
export interface PendingRow {
  readonly write: OnlineWrite;
  readonly sequence: number;
  readonly arrival: number;
}

/** `rows` has undefined for a row of a source that the registry no longer has. `bytes` is the size of all of them in the log. */
export interface PendingCommit {
  readonly sequence: number;
  readonly rows: readonly (OnlineWrite | undefined)[];
  readonly bytes: number;
}

/**
 * The rows of the log that are not yet in the stored key-value history, by entity. They are put in order when they are read or stored: a
 * commit does not wait for that.
 */
export class PendingHistory {
  /** In the order of their numbers. */
  #commits: PendingCommit[] = [];
  #rows = 0;
  #bytes = 0;
  /** The commits whose rows are in `#ofSources`. */
  #indexed = 0;
  #ofSources = new Map<string, Map<string, EntityRows>>();

  get size(): { readonly rows: number; readonly bytes: number } {
    return { rows: this.#rows, bytes: this.#bytes };
  }

  add(commit: PendingCommit): void {
    this.#commits.push(commit);
    this.#count(commit, 1);
  }

  /** Forgets the commits up to a number: they are stored. */
  forget(upTo: number): void {
    const left = this.#commits.findIndex(({ sequence }) => sequence > upTo);
    const stored = this.#commits.splice(0, left < 0 ? this.#commits.length : left);
    if (stored.length === 0) return;
    for (const commit of stored) this.#count(commit, -1);
    this.#indexed = 0;
    this.#ofSources = new Map();
  }

  /**
   * The rows of an entity up to a time, null: all of them; the oldest first. `isStrict`: without those of exactly this time. `source` is its
   * key (source-key.ts).
   */
  find(source: string, entityId: string, time: Instant | null, isStrict: boolean): readonly PendingRow[] {
    this.#index();
    const found = this.#ofSources.get(source)?.get(entityId);
    if (!found) return [];
    if (!found.isSorted) {
      // Stable: of equal versions, the later arrival counts.
      found.rows.sort((a, b) => compareVersions(a.write.version, b.write.version));
      found.isSorted = true;
    }
    return time === null ? found.rows : found.rows.slice(0, countUpTo(found.rows, time, isStrict));
  }

  /** The rows of the commits up to a number: those of an entity together, and entities nearly in the order of their keys. */
  *list(upTo: number): Generator<PendingRow, void> {
    this.#index();
    for (const ofSource of [...this.#ofSources.values()]) {
      for (const entityId of [...ofSource.keys()].sort()) {
        // A copy: a read may order them meanwhile.
        yield* ofSource.get(entityId)!.rows.filter(({ sequence }) => sequence <= upTo);
      }
    }
  }

  #count({ rows, bytes }: PendingCommit, sign: 1 | -1): void {
    this.#rows += sign * rows.length;
    this.#bytes += sign * bytes;
  }

  #index(): void {
    for (; this.#indexed < this.#commits.length; this.#indexed += 1) {
      const { sequence, rows } = this.#commits[this.#indexed]!;
      for (const [arrival, write] of rows.entries()) if (write) this.#addRow({ write, sequence, arrival });
    }
  }

  #addRow(row: PendingRow): void {
    const { source, entityId, version } = row.write;
    const key = sourceKey(source);
    let ofSource = this.#ofSources.get(key);
    if (!ofSource) this.#ofSources.set(key, (ofSource = new Map<string, EntityRows>()));
    const ofEntity = ofSource.get(entityId);
    if (!ofEntity) {
      ofSource.set(entityId, { rows: [row], isSorted: true });
      return;
    }
    ofEntity.isSorted &&= compareVersions(ofEntity.rows.at(-1)!.write.version, version) <= 0;
    ofEntity.rows.push(row);
  }
}

interface EntityRows {
  readonly rows: PendingRow[];
  isSorted: boolean;
}

/** How many of the rows, which are in order, are not after a time. */
function countUpTo(rows: readonly PendingRow[], time: Instant, isStrict: boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { timestamp } = rows[middle]!.write.version;
    if (timestamp === null || (isStrict ? timestamp < time : timestamp <= time)) low = middle + 1;
    else high = middle;
  }
  return low;
}
