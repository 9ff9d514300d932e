import type { Distributions, StatisticsRead, TimeRange } from '../datasources/offline/statistics-read.js';
import { describeOfflineStore } from '../datasources/registry/store-kinds.js';
import type { Feature } from '../datasources/registry/model.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import { THIS_MACHINE } from '../costs/price-book.js';
import { badInput } from '../errors/app-error.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { CostTerms } from '../jobs/job-request.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import { EARLIEST_INSTANT, type Instant } from '../values/instant.js';

export interface StatisticsRequest {
  readonly feature: Feature;
  /** One, or two to compare. */
  readonly ranges: readonly WantedRange[];
  /** Canonical; null: all entities. */
  readonly entityIds: readonly string[] | null;
  readonly bins: number;
  readonly topValues: number;
  /** Nothing that becomes true after this moment counts. */
  readonly now: Instant;
}

export interface WantedRange {
  /** Inclusive; null: from the first value. */
  readonly from: Instant | null;
  /** Exclusive; null: to the moment of the request. */
  readonly before: Instant | null;
  /** The argument of the request, for errors. */
  readonly field: string;
}

/** What was computed, of which part of the history. */
export interface StatisticsResult extends Distributions {
  readonly read: StatisticsRead;
  readonly hasApproximateQuantiles: boolean;
}

export interface StatisticsDependencies {
  readonly engine: Pick<JobEngine, 'runAtOnce'>;
  readonly stores: Pick<FeatureStores, 'offline'>;
  /** Of the request that asks. */
  readonly currentSignal: () => AbortSignal | undefined;
}

/** Statistics of features, computed in the offline store under the rules of a job: the same budgets, the same estimate. */
export class FeatureStatistics {
  constructor(private readonly dependencies: StatisticsDependencies) {}

  /** The work of a request, for an estimate. Nothing is computed. */
  async work(request: StatisticsRequest): Promise<ScanWork> {
    return this.#work(toRead(request));
  }

  async compute(request: StatisticsRequest, terms: CostTerms): Promise<StatisticsResult> {
    const { engine, currentSignal } = this.dependencies;
    const read = toRead(request);
    const store = this.#storeOf(read.feature);
    return engine.runAtOnce(
      () => this.#work(read),
      terms,
      async () => ({
        ...(await store.statistics({ ...read, signal: currentSignal() })),
        read,
        hasApproximateQuantiles: store.hasApproximateQuantiles,
      }),
    );
  }

  async #work(read: StatisticsRead): Promise<ScanWork> {
    const { featurestore } = read.feature.entityType;
    const { scanned, billed } = await this.#storeOf(read.feature).estimateStatisticsScan(read);
    const { isLocal } = describeOfflineStore(featurestore.offlineSettings);
    return { kind: 'SCAN', bytes: scanned, billedBytes: billed, priceBook: isLocal ? THIS_MACHINE : null };
  }

  #storeOf({ entityType }: Feature) {
    return this.dependencies.stores.offline(entityType.featurestore);
  }
}

function toRead({ feature, ranges, entityIds, bins, topValues, now }: StatisticsRequest): StatisticsRead {
  return {
    feature,
    ranges: ranges.map((range) => toRange(range, now + 1n)),
    entityIds,
    bins,
    // The mean of a BOOL is from the counts of both values.
    maxTopValues: feature.valueType === 'BOOL' ? Math.max(2, topValues) : topValues,
  };
}

function toRange({ from, before, field }: WantedRange, end: Instant): TimeRange {
  if (from !== null && before !== null && from >= before) {
    throw badInput('"from" is not earlier than "before", so the range is empty.', `${field}.from`);
  }
  return { from: from ?? EARLIEST_INSTANT, before: before !== null && before < end ? before : end };
}
