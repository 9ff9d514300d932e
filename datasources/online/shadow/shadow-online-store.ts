import { setTimeout as pause } from 'node:timers/promises';
import type { FeatureCell } from '../../../values/feature-cell.js';
import type { EntityType } from '../../registry/model.js';
import { chunksOf } from '../../chunks-of.js';
import type { OnlineRead, OnlineStore, OnlineVersions, OnlineWrite } from '../online-store.js';
import { compareCells, type ComparisonRules } from './compare-cells.js';
import type { ShadowReport } from './shadow-report.js';

export interface ShadowOptions extends ComparisonRules {
  /** The share of reads that are compared, 0 to 1. */
  readonly share: number;
  readonly report: ShadowReport;
  /** From 0 to 1, drawn for each read. */
  readonly random: () => number;
  /** Reads and writes of the shadow under way at once; what comes on top is dropped, and counted. */
  readonly mostAtOnce: number;
  /** Milliseconds after which the shadow is not waited for any more, and its place given to another. */
  readonly patienceMs: number;
}

/**
 * Serves from one store and, for a share of the reads, looks what another would have said. Nothing of the other reaches a
 * reader: it is asked after the answer has gone out, and its failures and delays are counted and otherwise without effect.
 * Writes are acknowledged by the serving store and then go to the other too.
 */
export class ShadowOnlineStore implements OnlineStore {
  readonly maxEntityIdsPerRead: number;
  /** Of the store that serves; reads of the past are not compared. */
  readonly versions: OnlineVersions | undefined;
  readonly #serving: OnlineStore;
  readonly #shadow: OnlineStore;
  readonly #options: ShadowOptions;
  readonly #underWay = new Set<Promise<void>>();

  constructor(serving: OnlineStore, shadow: OnlineStore, options: ShadowOptions) {
    this.#serving = serving;
    this.#shadow = shadow;
    this.#options = options;
    this.maxEntityIdsPerRead = serving.maxEntityIdsPerRead;
    this.versions = serving.versions;
  }

  async read(request: OnlineRead): Promise<FeatureCell[][]> {
    const cells = await this.#serving.read(request);
    const { share, random, report } = this.#options;
    if (random() < share) {
      const { name } = request.entityType.featurestore;
      this.#afterwards(
        () => this.#compare(request, cells),
        (outcome) => report.read(name, outcome === 'done' ? 'compared' : outcome),
      );
    }
    return cells;
  }

  write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void> {
    return this.#change(entityType, (store) => store.write(entityType, writes));
  }

  delete(entityType: EntityType, entityIds: readonly string[]): Promise<void> {
    return this.#change(entityType, (store) => store.delete(entityType, entityIds));
  }

  clear(entityType: EntityType): Promise<void> {
    return this.#change(entityType, (store) => store.clear(entityType));
  }

  /** Of the store that serves. The other may be down for weeks without any reader noticing. */
  isHealthy(): Promise<boolean> {
    return this.#serving.isHealthy();
  }

  /** Resolves when nothing is asked of the shadow any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    await this.settled();
    await this.#shadow.close();
    await this.#serving.close();
  }

  async #change(entityType: EntityType, change: (store: OnlineStore) => Promise<void>): Promise<void> {
    await change(this.#serving);
    const { name } = entityType.featurestore;
    this.#afterwards(
      () => change(this.#shadow),
      (outcome) => this.#options.report.write(name, outcome === 'done' ? 'written' : outcome),
    );
  }

  async #compare({ entityType, entityIds, features, now }: OnlineRead, cells: readonly FeatureCell[][]): Promise<void> {
    const read = chunksOf(entityIds, this.#shadow.maxEntityIdsPerRead).map((ids) =>
      this.#shadow.read({ entityType, entityIds: ids, features, now }),
    );
    const others = (await Promise.all(read)).flat();
    for (const [row, ofEntity] of cells.entries()) {
      for (const [column, feature] of features.entries()) {
        this.#options.report.compared(feature, compareCells(ofEntity[column]!, others[row]![column]!, this.#options));
      }
    }
  }

  /** Does a piece of work when the caller has had its answer, unless there is too much of it already. */
  #afterwards(work: () => Promise<void>, tell: (outcome: 'done' | 'dropped' | 'failed') => void): void {
    if (this.#underWay.size >= this.#options.mostAtOnce) {
      tell('dropped');
      return;
    }
    const task = this.#patiently(work).then(
      () => tell('done'),
      () => tell('failed'),
    );
    this.#underWay.add(task);
    void task.finally(() => this.#underWay.delete(task));
  }

  async #patiently(work: () => Promise<void>): Promise<void> {
    // The caller's turn first: starting a call already costs the encoding of its message.
    await new Promise((resolve) => setImmediate(resolve));
    const impatience = new AbortController();
    const lost = pause(this.#options.patienceMs, undefined, { signal: impatience.signal }).then(() => {
      throw new Error('the shadow took too long');
    });
    try {
      await Promise.race([work(), lost]);
    } finally {
      impatience.abort();
    }
  }
}
