import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeatureCell } from '../../../values/feature-cell.js';
import type { EntityType } from '../../registry/model.js';
import { withTimeout } from '../../../runtime/with-timeout.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import type { OnlineRead, OnlineStore, OnlineVersions, OnlineWrite } from '../online-store.js';
import { ChangeQueue, type Change, type Outcome } from './change-queue.js';
import { compareCells, type ComparisonRules } from './compare-cells.js';
import type { ShadowReport } from './shadow-report.js';

export interface ShadowOptions extends ComparisonRules {
  /** The share of reads to compare, from 0 to 1. */
  readonly share: number;
  readonly report: ShadowReport;
  /** A random number from 0 to 1 for each read. */
  readonly random: () => number;
  /** The maximum number of concurrent reads of the shadow store. Further reads are dropped and counted. */
  readonly maxConcurrent: number;
  /** Milliseconds after which the store stops waiting for a read of the shadow store and starts another. */
  readonly timeoutMs: number;
  /** The maximum number of waiting rows and ids of an entity type. Further changes are dropped and counted. */
  readonly maxQueued: number;
  /**
   * How many milliseconds a close waits for the shadow store. The platform may kill the process soon after it asks it
   * to stop.
   */
  readonly drainTimeoutMs: number;
}

/**
 * Serves from one store and, for a share of the reads, compares the values of another store. The shadow store never
 * affects a reader: its reads start after the response is sent, and its failures and delays are only counted. The
 * serving store acknowledges writes and deletes; they then go to the shadow store in the same order and apart from the
 * reads.
 */
export class ShadowOnlineStore implements OnlineStore {
  readonly maxEntityIdsPerRead: number;
  /** The reads of past values of the serving store; they are not compared. */
  readonly versions: OnlineVersions | undefined;
  readonly findWriteFault: OnlineStore['findWriteFault'];
  readonly #serving: OnlineStore;
  readonly #shadow: OnlineStore;
  readonly #options: ShadowOptions;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #changes = new Map<EntityType, ChangeQueue>();

  constructor(serving: OnlineStore, shadow: OnlineStore, options: ShadowOptions) {
    this.#serving = serving;
    this.#shadow = shadow;
    this.#options = options;
    this.maxEntityIdsPerRead = serving.maxEntityIdsPerRead;
    this.versions = serving.versions;
    this.findWriteFault = serving.findWriteFault?.bind(serving);
  }

  async read(request: OnlineRead): Promise<FeatureCell[][]> {
    const cells = await this.#serving.read(request);
    const { share, random, report } = this.#options;
    if (random() < share) {
      const { name } = request.entityType.featurestore;
      this.#runInBackground(
        () => this.#compare(request, cells),
        (outcome) => report.read(name, outcome === 'done' ? 'compared' : outcome),
      );
    }
    return cells;
  }

  write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void> {
    return this.#change(entityType, { kind: 'write', writes }, (store) => store.write(entityType, writes));
  }

  delete(entityType: EntityType, entityIds: readonly string[]): Promise<void> {
    return this.#change(entityType, { kind: 'delete', entityIds }, (store) => store.delete(entityType, entityIds));
  }

  /** The health of the serving store. The shadow store may be down for weeks, and no reader may notice. */
  isHealthy(): Promise<boolean> {
    return this.#serving.isHealthy();
  }

  /** Resolves when no call to the shadow store runs or waits. */
  async settled(): Promise<void> {
    await Promise.all([...this.#inFlight, ...[...this.#changes.values()].map((queue) => queue.settled())]);
  }

  /** Waits for running calls as long as a close may take, and starts no more. */
  async finish(): Promise<void> {
    await withTimeout(this.#options.drainTimeoutMs, this.settled());
    for (const queue of this.#changes.values()) queue.drop();
  }

  async close(): Promise<void> {
    await this.finish();
    await this.#shadow.close();
    await this.#serving.close();
  }

  async #change(entityType: EntityType, change: Change, apply: (store: OnlineStore) => Promise<void>): Promise<void> {
    await apply(this.#serving);
    let queue = this.#changes.get(entityType);
    if (!queue) {
      const { maxQueued: mostWaiting } = this.#options;
      const tell = ({ kind }: Change, outcome: Outcome): void => this.#report(entityType, kind, outcome);
      queue = new ChangeQueue(this.#shadow, entityType, { maxQueued: mostWaiting, report: tell });
      this.#changes.set(entityType, queue);
    }
    queue.add(change);
  }

  #report(entityType: EntityType, kind: Change['kind'], outcome: Outcome): void {
    const { report } = this.#options;
    if (kind === 'write') report.write(entityType.featurestore.name, outcome === 'done' ? 'written' : outcome);
    else report.delete(entityType, outcome === 'done' ? 'deleted' : outcome);
  }

  async #compare({ entityType, entityIds, features, now }: OnlineRead, cells: readonly FeatureCell[][]): Promise<void> {
    const read = toChunks(entityIds, this.#shadow.maxEntityIdsPerRead).map((ids) =>
      this.#shadow.read({ entityType, entityIds: ids, features, now }),
    );
    const others = (await Promise.all(read)).flat();
    for (const [row, ofEntity] of cells.entries()) {
      for (const [column, feature] of features.entries()) {
        this.#options.report.compared(feature, compareCells(ofEntity[column]!, others[row]![column]!, this.#options));
      }
    }
  }

  /** Runs a task after the caller has its response, unless too many tasks run already. */
  #runInBackground(work: () => Promise<void>, tell: (outcome: Outcome) => void): void {
    if (this.#inFlight.size >= this.#options.maxConcurrent) {
      tell('dropped');
      return;
    }
    const task = this.#withTimeout(work).then(
      () => tell('done'),
      () => tell('failed'),
    );
    this.#inFlight.add(task);
    void task.finally(() => this.#inFlight.delete(task));
  }

  async #withTimeout(work: () => Promise<void>): Promise<void> {
    // Yields to the caller first, because starting a call already costs the encoding of its message.
    await nextTurn();
    const isDone = await withTimeout(
      this.#options.timeoutMs,
      work().then(() => true),
    );
    if (!isDone) throw new Error('the shadow took too long');
  }
}
