import { scanTerms } from '../../costs/scan-terms.js';
import type { ScanWork } from '../../datasources/job-store/job-cost.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import type { FeatureStores } from '../../serving/feature-stores.js';
import type { ServedLog } from '../../serving/served-log/served-log.js';
import type { MadeTrainingSets } from '../../training-sets/made-rows.js';
import type { TrainingSetJobRecord } from '../../training-sets/training-sets.js';
import type { Instant } from '../../values/instant.js';
import { countSkew } from './count-skew.js';
import { findReasons } from './find-reasons.js';
import { readHistory, type ReadTerms } from './read-history.js';
import { NewestRows, servedValue, ServedTimes, type TimedRow } from './served-rows.js';
import type { ServedMatch, ServedSkewResult, SkewExample, SkewPair } from './skew-result.js';

export interface ServedSkewRequest {
  readonly entityType: EntityType;
  readonly features: readonly Feature[];
  /** The reads to compare: from, inclusive, to before, exclusive. */
  readonly from: Instant;
  readonly before: Instant;
  /** The training set whose labels are compared with the reads near them. null: the history as of each read is compared. */
  readonly trainingSet: TrainingSetJobRecord | null;
  readonly match: ServedMatch;
  /** Between a label and its read, in microseconds, at most. */
  readonly tolerance: bigint;
  /** The difference of two DOUBLEs that still counts as equal. */
  readonly doubleTolerance: number;
  /** For each feature, at most. */
  readonly examples: number;
}

export interface SkewComparisonDependencies {
  readonly stores: Pick<FeatureStores, 'offline'>;
  readonly trainingSets: MadeTrainingSets;
  readonly servedLog: ServedLog | null;
}

const { maxComparedReads } = REQUEST_LIMITS;

/** What was compared: for each feature, the pairs that both sides have. */
interface FoundPairs {
  readonly pairs: ReadonlyMap<Feature, readonly SkewPair[]>;
  /** The reads or labels of these pairs. */
  readonly compared: number;
  readonly isComplete: boolean;
}

/** Compares what was served with what training has. The caller pays, and ends it by a signal. */
export class SkewComparison {
  constructor(private readonly dependencies: SkewComparisonDependencies) {}

  get hasLog(): boolean {
    return this.dependencies.servedLog !== null;
  }

  /** The work of a request, for an estimate: as many queries as there can be. */
  async work({ entityType, features, trainingSet, examples }: ServedSkewRequest): Promise<ScanWork> {
    const store = this.#storeOf(entityType);
    const labels = [{ entityId: 'any', time: 0n }];
    const { scanned, billed } = await store.estimateScan({ entityType, labels, features });
    // Two more look at the history of the examples.
    const comparing = trainingSet ? 0 : Math.ceil(maxComparedReads / store.maxLabelsPerRead);
    const scans = BigInt(comparing + (examples === 0 ? 0 : 2));
    return {
      kind: 'SCAN',
      bytes: scanned * scans,
      billedBytes: billed * scans,
      ...scanTerms([entityType.featurestore]),
    };
  }

  #storeOf({ featurestore }: EntityType): OfflineStore {
    return this.dependencies.stores.offline(featurestore);
  }

  /** null: the gateway has no log of served values. */
  async compare(request: ServedSkewRequest, terms: ReadTerms): Promise<ServedSkewResult | null> {
    const { servedLog: log } = this.dependencies;
    if (!log) return null;
    const { entityType, features, from, before } = request;
    const newest = new NewestRows(maxComparedReads);
    for await (const read of log.read({ entityType, from, before })) {
      terms.signal?.throwIfAborted();
      newest.add(read);
    }
    const { rows, isComplete } = newest.take();
    const found = request.trainingSet
      ? await this.#pairsOfLabels(request, request.trainingSet, rows, terms)
      : await this.#pairsOfReads(request, rows, terms);
    const counted = features.map((feature) => countSkew(feature, found.pairs.get(feature) ?? [], request));
    const reasons = await findReasons(this.#storeOf(entityType), counted, terms);
    const times = rows.map(({ read }) => read.time);
    return {
      compared: found.compared,
      isComplete: isComplete && found.isComplete,
      earliestRead: extreme(times, (one, other) => one < other),
      latestRead: extreme(times, (one, other) => one > other),
      features: counted.map(({ unequal, ...counts }) => ({
        ...counts,
        examples: unequal.map((pair): SkewExample => ({ ...pair, reason: reasons.get(pair)! })),
      })),
    };
  }

  /** The history as of each read. */
  async #pairsOfReads(
    { entityType, features }: ServedSkewRequest,
    rows: readonly TimedRow[],
    terms: ReadTerms,
  ): Promise<FoundPairs> {
    const labels = rows.map(({ read, row }) => ({ entityId: row.entityId, time: read.time }));
    const cells = await readHistory(this.#storeOf(entityType), { entityType, labels, features, ...terms });
    const pairs = new Map(
      features.map((feature, column) => [
        feature,
        rows.flatMap((row, index): SkewPair[] => {
          const served = servedValue(row, feature);
          if (!served) return [];
          const { entityId, time: labelTime } = labels[index]!;
          return [{ entityId, labelTime, trained: cells[index]![column]!, served }];
        }),
      ]),
    );
    return { pairs, compared: rows.length, isComplete: true };
  }

  /** The labels of a training set, each with the read near it. */
  async #pairsOfLabels(
    { entityType, features, match, tolerance }: ServedSkewRequest,
    trainingSet: TrainingSetJobRecord,
    rows: readonly TimedRow[],
    { signal }: ReadTerms,
  ): Promise<FoundPairs> {
    const entities = new Map<string, [Instant, Instant]>();
    for (const { read, row } of rows) {
      const earliest = match === 'AROUND' ? read.time - tolerance : read.time;
      const latest = read.time + tolerance;
      const known = entities.get(row.entityId);
      if (!known) entities.set(row.entityId, [earliest, latest]);
      else {
        if (earliest < known[0]) known[0] = earliest;
        if (latest > known[1]) known[1] = latest;
      }
    }
    const limit = maxComparedReads;
    const read = { entityType, features, entities, limit: limit + 1, signal };
    const made = await this.dependencies.trainingSets.rows(trainingSet, read);
    const labels = made.slice(0, limit);
    const matched = new Set<number>();
    const pairs = new Map(
      features.map((feature) => {
        const times = new ServedTimes(feature, rows);
        const ofFeature = labels.flatMap(({ entityId, labelTime, values }, label): SkewPair[] => {
          const value = values.get(feature);
          const served = value && times.nearest(entityId, labelTime, match, tolerance);
          if (!served) return [];
          matched.add(label);
          const status = value.value === null ? null : 'PRESENT';
          return [{ entityId, labelTime, trained: { ...value, status }, served }];
        });
        return [feature, ofFeature] as const;
      }),
    );
    return { pairs, compared: matched.size, isComplete: made.length <= limit };
  }
}

function extreme(times: readonly Instant[], isMore: (one: Instant, other: Instant) => boolean): Instant | null {
  return times.reduce<Instant | null>((best, time) => (best === null || isMore(time, best) ? time : best), null);
}
