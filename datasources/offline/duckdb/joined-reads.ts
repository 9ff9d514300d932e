import type { DuckDBConnection } from '@duckdb/node-api';
import type { FeatureCell } from '../../../values/feature-cell.js';
import type { DuckDbDatabase } from '../../duckdb/database.js';
import type { PointInTimeRead } from '../offline-store.js';
import { DEFAULT_OPTIONS, type PointInTimeOptions } from '../point-in-time/plan.js';

/** Labels of one query. A query of a thousand takes about twice as long as a query of one. */
const MAX_JOINED_LABELS = 1_000;

interface WaitingRead {
  readonly read: PointInTimeRead;
  readonly resolve: (cells: FeatureCell[][]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Point-in-time reads that share a query. Most of a small read is its query, and hardly any of it the labels. A read that
 * gets a connection takes along the waiting reads of other requests that ask for the same features with the same
 * options. So many small reads at once do not wait for a query each.
 */
export class JoinedReads {
  readonly #waiting = new Set<WaitingRead>();

  constructor(
    private readonly database: Pick<DuckDbDatabase, 'withConnection'>,
    private readonly run: (connection: DuckDBConnection, read: PointInTimeRead) => Promise<FeatureCell[][]>,
  ) {}

  /** The file must have the rows already. Each read waits in the queue of its own request, and at most that long. */
  async read(read: PointInTimeRead): Promise<FeatureCell[][]> {
    const { promise, resolve, reject } = Promise.withResolvers<FeatureCell[][]>();
    const waiting = { read, resolve, reject };
    this.#waiting.add(waiting);
    this.database
      .withConnection(async (connection) => {
        // Absent: another read took it along.
        if (this.#waiting.has(waiting)) await this.#runTogether(connection, this.#take(waiting));
      })
      .catch((error: unknown) => {
        this.#waiting.delete(waiting);
        reject(error);
      });
    return promise;
  }

  /** Takes a read, and those that can share its query, out of the waiting ones. */
  #take(first: WaitingRead): WaitingRead[] {
    const taken = [first];
    this.#waiting.delete(first);
    let labels = first.read.labels.length;
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
    if (wanted.length === 0) return;
    const { read } = wanted[0]!;
    try {
      const cells = await this.run(connection, { ...read, labels: wanted.flatMap(({ read: { labels } }) => labels) });
      let from = 0;
      for (const { read, resolve } of wanted) resolve(cells.slice(from, (from += read.labels.length)));
    } catch (error) {
      if (wanted.length === 1) wanted[0]!.reject(error);
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
    a.features.length === b.features.length &&
    a.features.every((feature, index) => feature === b.features[index]) &&
    OPTIONS.every((name) => optionOf(a, name) === optionOf(b, name))
  );
}

const OPTIONS = Object.keys(DEFAULT_OPTIONS) as (keyof PointInTimeOptions)[];

function optionOf({ options }: PointInTimeRead, name: keyof PointInTimeOptions): unknown {
  return options?.[name] ?? DEFAULT_OPTIONS[name];
}
