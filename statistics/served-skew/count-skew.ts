import type { Feature } from '../../datasources/registry/model.js';
import type { CellStatus } from '../../values/feature-cell.js';
import { isEqualDouble, isSameValue, type SameDouble } from '../../values/same-value.js';
import type { FeatureSkew, SkewPair } from './skew-result.js';

export interface CountedSkew extends Omit<FeatureSkew, 'examples'> {
  /** The first pairs that are not equal. */
  readonly unequal: readonly SkewPair[];
}

/** Counts the pairs of one feature. `doubleTolerance` is the difference of two DOUBLEs that still counts as equal. */
export function countSkew(
  feature: Feature,
  pairs: readonly SkewPair[],
  { doubleTolerance, examples }: { readonly doubleTolerance: number; readonly examples: number },
): CountedSkew {
  const isSameDouble: SameDouble = (a, b) =>
    isEqualDouble(a, b) || (Number.isFinite(a - b) && Math.abs(a - b) <= doubleTolerance);
  const counts = { equal: 0, different: 0, missingServed: 0, missingTrained: 0 };
  const statuses = new Map<string, { trained: CellStatus | null; served: CellStatus; count: number }>();
  const unequal: SkewPair[] = [];
  for (const pair of pairs) {
    const outcome = compare(pair, isSameDouble);
    counts[outcome] += 1;
    if (outcome !== 'equal' && unequal.length < examples) unequal.push(pair);
    const key = `${pair.trained.status}/${pair.served.status}`;
    const status = statuses.get(key);
    if (status) status.count += 1;
    else statuses.set(key, { trained: pair.trained.status, served: pair.served.status, count: 1 });
  }
  return {
    feature,
    compared: pairs.length,
    ...counts,
    statuses: [...statuses.values()].toSorted((one, other) => other.count - one.count),
    unequal,
  };
}

function compare(
  { trained, served }: SkewPair,
  isSameDouble: SameDouble,
): 'equal' | 'different' | 'missingServed' | 'missingTrained' {
  // A client that asked for expired values got one, and a training set has none.
  const servedValue = served.status === 'PRESENT' ? served.value : null;
  if (trained.value === null || servedValue === null) {
    if (trained.value === servedValue) return 'equal';
    return servedValue === null ? 'missingServed' : 'missingTrained';
  }
  return isSameValue(trained.value, servedValue, isSameDouble) ? 'equal' : 'different';
}
