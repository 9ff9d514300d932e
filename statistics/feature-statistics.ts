import type { Distributions, StatisticsRead, TimeRange } from '../datasources/offline/statistics-read.js';
import type { Feature } from '../datasources/registry/model.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import { scanTerms } from '../costs/scan-terms.js';
import { badInput } from '../errors/app-error.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { CostTerms } from '../jobs/job-request.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import { toCanonicalJson } from '../values/canonical-json.js';
import { EARLIEST_INSTANT, LATEST_INSTANT, type Instant } from '../values/instant.js';
import { StatisticsCache, type StatisticsOutcome } from './statistics-cache.js';

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
  /** Of the data (serving/data-versions.ts). null: it has none, and the numbers are computed each time. */
  readonly version: string | null;
  /** What the client may read, as a text: numbers are kept for those that may read the same. */
  readonly view: string;
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
  readonly onAnswer?: (outcome: StatisticsOutcome) => void;
}

/**
 * Statistics of features, computed in the offline store under the rules of a job: the same budgets, the same estimate. The
 * numbers of an unchanged history are computed once.
 */
export class FeatureStatistics {
  readonly #cache = new StatisticsCache();

  constructor(private readonly dependencies: StatisticsDependencies) {}

  /** The work of a request, for an estimate. Nothing is computed. */
  async work(request: StatisticsRequest): Promise<ScanWork> {
    return this.#work(toRead(request));
  }

  async compute(request: StatisticsRequest, terms: CostTerms): Promise<StatisticsResult> {
    const { engine, currentSignal, onAnswer } = this.dependencies;
    const read = toRead(request);
    const store = this.#storeOf(read.feature);
    const { hasApproximateQuantiles } = store;
    const key = statisticsKey(request);
    const kept = key === null ? undefined : this.#cache.get(key);
    if (kept) {
      onAnswer?.('KEPT');
      return { ...kept, read, hasApproximateQuantiles };
    }
    const found = await engine.runAtOnce(
      () => this.#work(read),
      terms,
      async (payer) => {
        const signal = currentSignal();
        const computed = await store.statistics({ ...read, signal, payer });
        if (key !== null && !(await this.#canGrow(request, read))) this.#cache.set(key, computed);
        return computed;
      },
    );
    onAnswer?.(key === null ? 'UNVERSIONED' : 'COMPUTED');
    return { ...found, read, hasApproximateQuantiles };
  }

  /** Whether rows that are there already come into a range as time passes. */
  async #canGrow({ ranges, now }: StatisticsRequest, read: StatisticsRead): Promise<boolean> {
    const isCut = ranges.some(({ before }) => before === null || before > now + 1n);
    if (!isCut || read.feature.source.timestampColumn === null) return false;
    const later = { from: now + 1n, before: LATEST_INSTANT + 1n };
    const signal = this.dependencies.currentSignal();
    const asked = { ...read, ranges: [later], bins: 1, maxTopValues: 1, signal };
    const [found] = (await this.#storeOf(read.feature).statistics(asked)).ranges;
    return found!.count + found!.missing > 0n;
  }

  async #work(read: StatisticsRead): Promise<ScanWork> {
    const { featurestore } = read.feature.entityType;
    const { scanned, billed } = await this.#storeOf(read.feature).estimateStatisticsScan(read);
    return { kind: 'SCAN', bytes: scanned, billedBytes: billed, ...scanTerms([featurestore]) };
  }

  #storeOf({ entityType }: Feature) {
    return this.dependencies.stores.offline(entityType.featurestore);
  }
}

/** The part of a history that a request is about. */
export function toRead({ feature, ranges, entityIds, bins, topValues, now }: StatisticsRequest): StatisticsRead {
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

/**
 * What identifies the answer to a request; null: its data has no version. A range without an end ends now, so its key is not
 * the moment of the request: such an answer may be kept only while no row is later than now.
 */
function statisticsKey({
  feature,
  ranges,
  entityIds,
  bins,
  topValues,
  version,
  view,
}: StatisticsRequest): string | null {
  if (version === null) return null;
  const { entityType, name } = feature;
  const of = [entityType.featurestore.name, entityType.name, name];
  const bounds = ranges.map(({ from, before }) => [from, before]);
  return toCanonicalJson([of, bounds, entityIds, bins, topValues, version, view]);
}
