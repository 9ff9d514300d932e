import type { Instant } from '../../../values/instant.js';
import type { EntityType } from '../../registry/model.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import type { OnlineStore } from '../online-store.js';
import { compareCells, COMPARISON_OUTCOMES, type ComparisonOutcome, type ComparisonRules } from './compare-cells.js';

export interface FeatureComparison {
  readonly feature: string;
  readonly counts: Readonly<Record<ComparisonOutcome, number>>;
  /** An example of an entity for which the two stores differ; null when there is none. */
  readonly example: string | null;
}

export interface Comparison {
  readonly compared: number;
  /** The share of unequal values among all compared values; 0 when there were none. */
  readonly mismatchShare: number;
  readonly features: readonly FeatureComparison[];
}

/** Reads entities from two stores at one moment and compares all their features. */
export async function compareStores(
  [one, other]: readonly [OnlineStore, OnlineStore],
  entityType: EntityType,
  entityIds: readonly string[],
  now: Instant,
  rules: ComparisonRules,
): Promise<Comparison> {
  const { features } = entityType;
  const found = features.map((feature) => ({
    feature: feature.name,
    counts: Object.fromEntries(COMPARISON_OUTCOMES.map((outcome) => [outcome, 0])) as Record<ComparisonOutcome, number>,
    example: null as string | null,
  }));
  for (const ids of toChunks(entityIds, Math.min(one.maxEntityIdsPerRead, other.maxEntityIdsPerRead))) {
    const request = { entityType, entityIds: ids, features, now };
    const [mine, theirs] = await Promise.all([one.read(request), other.read(request)]);
    for (const [row, entityId] of ids.entries()) {
      for (const [column, comparison] of found.entries()) {
        const outcome = compareCells(mine[row]![column]!, theirs[row]![column]!, rules);
        comparison.counts[outcome] += 1;
        if (outcome !== 'equal') comparison.example ??= entityId;
      }
    }
  }
  const compared = entityIds.length * features.length;
  const equal = found.reduce((sum, { counts }) => sum + counts.equal, 0);
  return { compared, mismatchShare: compared === 0 ? 0 : (compared - equal) / compared, features: found };
}
