import type { EntityMoment, OfflineStore } from '../../datasources/offline/offline-store.js';
import type { PointInTimeOptions } from '../../datasources/offline/point-in-time/plan.js';
import type { Feature } from '../../datasources/registry/model.js';
import { toServedFeature } from '../../serving/served-log/served-read.js';
import type { FeatureCell } from '../../values/feature-cell.js';
import type { CountedSkew } from './count-skew.js';
import { readHistory, type ReadTerms } from './read-history.js';
import { skewReason } from './skew-reason.js';
import type { SkewPair, SkewReason } from './skew-result.js';

/** The likely reason of each pair that is not equal, from two reads of the history for all of them. */
export async function findReasons(
  store: OfflineStore,
  counted: readonly CountedSkew[],
  terms: ReadTerms,
): Promise<ReadonlyMap<SkewPair, SkewReason>> {
  const open = counted.filter(({ unequal }) => unequal.length > 0);
  const pairs = open.flatMap(({ unequal }) => unequal);
  const atLabels = await readFeatures(
    open.map(({ feature }) => feature),
    pairs.map(({ entityId, labelTime: time }) => ({ entityId, time })),
  );
  const asKnownAtReads = await readFeatures(
    open.map(({ feature }) => feature).filter(({ source }) => store.hasCreationTimes(source)),
    pairs.map(({ entityId, served }) => ({ entityId, time: served.readAt })),
    { knownAtLabelTime: true },
  );
  const numbers = new Map(pairs.map((pair, number) => [pair, number]));
  return new Map(
    open.flatMap(({ feature, unequal }) =>
      unequal.map((pair) => {
        const number = numbers.get(pair)!;
        const reason = skewReason(pair, {
          definition: toServedFeature(feature).definition,
          atLabel: atLabels.get(feature)![number]!,
          asKnownAtRead: asKnownAtReads.get(feature)?.[number] ?? null,
        });
        return [pair, reason] as const;
      }),
    ),
  );

  /** The cells of each feature, for all labels. */
  async function readFeatures(
    features: readonly Feature[],
    labels: readonly EntityMoment[],
    options: Partial<PointInTimeOptions> = {},
  ): Promise<ReadonlyMap<Feature, readonly FeatureCell[]>> {
    const [first] = features;
    if (!first) return new Map();
    const rows = await readHistory(store, { entityType: first.entityType, labels, features, options, ...terms });
    return new Map(features.map((feature, column) => [feature, rows.map((cells) => cells[column]!)]));
  }
}
