import type { Monitor } from '../datasources/registry/model.js';
import type { ReadTerms } from '../statistics/served-skew/read-history.js';
import type { ServedSkewRequest, SkewComparison } from '../statistics/served-skew/skew-comparison.js';
import type { MonitorRanges } from './measure.js';
import type { MonitorCheck } from './monitors.js';

/** The reads in the window beside the history as of each; null if the monitor does not check them. */
export function toSkewRequest(
  { entityType, features, checks: { servedSkew } }: Monitor,
  { window: { from, before } }: MonitorRanges,
): ServedSkewRequest | null {
  if (!servedSkew) return null;
  const { doubleTolerance } = servedSkew;
  // Without labels, neither `match` nor `tolerance` has a meaning; a check has numbers and no examples.
  const unused = { trainingSet: null, match: 'BEFORE', tolerance: 0n, examples: 0 } as const;
  return { entityType, features, from, before, doubleTolerance, ...unused };
}

/** For each feature, the share of its served values that differ. */
export async function measureSkew(
  { checks: { servedSkew } }: Monitor,
  request: ServedSkewRequest,
  comparison: Pick<SkewComparison, 'compare'>,
  terms: ReadTerms,
): Promise<MonitorCheck[]> {
  const result = await comparison.compare(request, terms);
  const threshold = servedSkew?.maxShare ?? 0;
  return request.features.map((feature) => {
    const found = result?.features.find((each) => each.feature === feature);
    const value = found && found.compared > 0 ? (found.compared - found.equal) / found.compared : null;
    return {
      check: 'SERVED_SKEW',
      source: feature.source.name,
      feature: feature.name,
      metric: null,
      value,
      threshold,
      isFinding: value !== null && value > threshold,
    };
  });
}
