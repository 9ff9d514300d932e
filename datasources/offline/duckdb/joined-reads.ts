import { availableParallelism } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { FairQueue } from '../../../runtime/fair-queue.js';
import type { DuckDbDatabase } from '../../duckdb/database.js';
import type { PointInTimeCell, PointInTimeRead } from '../offline-store.js';
import { DEFAULT_OPTIONS, type PointInTimeOptions } from '../point-in-time/plan.js';

/** Labels of one query. A read of more has a query of its own at once. */
const MAX_JOINED_LABELS = 1_000;

/**
 * Queries at once. Each takes a thread of Node's pool, which has four, for its whole time, and the commits of writes
 * need one too. On a machine of 2 cores, more queries at once only made each slower.
 */
const MAX_RUNNING = Math.min(3, Math.max(2, availableParallelism() / 2));

interface WaitingRead {
  readonly owner: string;
  readonly read: PointInTimeRead;
  readonly resolve: (cells: PointInTimeCell[][]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Point-in-time reads that share a query. The time of a small read is that of its query, and hardly depends on the
 * number of labels. A read whose turn comes takes along the waiting reads that ask for the same features with the same
 * options. So many small reads at once do not wait for a query each.
 */
export class JoinedReads {
  /** The requests in turn; it also has reads that shared the query of another. */
  readonly #turns = new FairQueue<WaitingRead>();
  readonly #waiting = new Set<WaitingRead>();
  #running = 0;

  constructor(
    private readonly database: Pick<DuckDbDatabase, 'withConnection' | 'currentOwner'>,
    private readonly run: (connection: DuckDBConnection, read: PointInTimeRead) => Promise<PointInTimeCell[][]>,
  ) {}

  /** The file must have the rows already. */
  async read(read: PointInTimeRead): Promise<PointInTimeCell[][]> {
    if (read.labels.length > MAX_JOINED_LABELS) {
      return this.database.withConnection((connection) => {
        read.signal?.throwIfAborted();
        return this.run(connection, read);
      });
    }
    return new Promise((resolve, reject) => {
      const waiting = { owner: this.database.currentOwner(), read, resolve, reject };
      this.#turns.push(waiting.owner, waiting);
      this.#waiting.add(waiting);
      this.#startNext();
    });
  }

  #startNext(): void {
    while (this.#running < MAX_RUNNING) {
      const next = this.#turns.shift();
      if (!next) return;
      if (!this.#waiting.delete(next)) continue;
      this.#running += 1;
      void this.database
        .withConnection((connection) => this.#runTogether(connection, [next, ...this.#takeAlike(next)]), next.owner)
        .catch(next.reject)
        .finally(() => {
          this.#running -= 1;
          this.#startNext();
        });
    }
  }

  /** Takes the reads that can share the query of this one out of the waiting ones. */
  #takeAlike(first: WaitingRead): WaitingRead[] {
    let labels = first.read.labels.length;
    const taken: WaitingRead[] = [];
    for (const other of this.#waiting) {
      if (labels + other.read.labels.length > MAX_JOINED_LABELS || !isAlike(first.read, other.read)) continue;
      labels += other.read.labels.length;
      this.#waiting.delete(other);
      taken.push(other);
    }
    return taken;
  }

  async #runTogether(connection: DuckDBConnection, taken: readonly WaitingRead[]): Promise<void> {
    const wanted = taken.filter(({ read: { signal }, reject }) => {
      if (signal?.aborted) reject(signal.reason);
      return !signal?.aborted;
    });
    const [first] = wanted;
    if (!first) return;
    try {
      const labels = wanted.flatMap(({ read }) => read.labels);
      const cells = await this.run(connection, { ...first.read, labels });
      let from = 0;
      for (const { read, resolve } of wanted) resolve(cells.slice(from, (from += read.labels.length)));
    } catch (error) {
      if (wanted.length === 1) first.reject(error);
      // The values of one read may be the reason: the others must not fail by it.
      else for (const one of wanted) await this.#runTogether(connection, [one]);
    }
  }
}

/** Whether two reads differ in their labels alone. */
function isAlike(a: PointInTimeRead, b: PointInTimeRead): boolean {
  return (
    a.entityType === b.entityType &&
    a.ttl === b.ttl &&
    a.writtenAfter === b.writtenAfter &&
    a.features.length === b.features.length &&
    a.features.every((feature, index) => feature === b.features[index]) &&
    OPTIONS.every((name) => optionOf(a, name) === optionOf(b, name))
  );
}

const OPTIONS = Object.keys(DEFAULT_OPTIONS) as (keyof PointInTimeOptions)[];

function optionOf({ options }: PointInTimeRead, name: keyof PointInTimeOptions): unknown {
  return options?.[name] ?? DEFAULT_OPTIONS[name];
}
