/**
 * Distances between two distributions, given as counts of the same bins or categories. Pure; the numbers are those of scipy
 * (test/unit/statistics/drift_constants.py).
 */

/** The share that stands for an empty bin in the population stability index, whose logarithm of 0 does not exist. */
const EMPTY_SHARE = 0.0001;

/** The share of each bin in all. The counts may not all be 0. */
export function shares(counts: readonly bigint[]): number[] {
  const total = Number(counts.reduce((sum, count) => sum + count, 0n));
  return counts.map((count) => Number(count) / total);
}

/**
 * The Jensen-Shannon divergence to the base 2, from 0 to 1: (KL(p, m) + KL(q, m)) / 2, where m is the mean of p and q and
 * KL(p, m) is the sum of p log2(p / m). Lin, "Divergence measures based on the Shannon entropy", 1991. Vertex AI Model
 * Monitoring compares numbers by it.
 */
export function jensenShannon(p: readonly number[], q: readonly number[]): number {
  const toMean = (of: readonly number[], other: readonly number[]): number =>
    sum(of.map((share, bin) => (share === 0 ? 0 : share * Math.log2((2 * share) / (share + other[bin]!)))));
  // Rounding can leave a little less than 0.
  return Math.max(0, (toMean(p, q) + toMean(q, p)) / 2);
}

/** The L-infinity distance, from 0 to 1: the largest difference of a share. Vertex AI compares categories by it. */
export function lInfinity(p: readonly number[], q: readonly number[]): number {
  return p.reduce((largest, share, bin) => Math.max(largest, Math.abs(share - q[bin]!)), 0);
}

/**
 * The population stability index: the sum of (q - p) ln(q / p), from 0 without a limit. An empty bin counts as EMPTY_SHARE.
 * Siddiqi, "Credit Risk Scorecards", 2006, where more than 0.25 is a shift.
 */
export function populationStabilityIndex(p: readonly number[], q: readonly number[]): number {
  const present = (share: number): number => (share === 0 ? EMPTY_SHARE : share);
  return sum(p.map((share, bin) => (present(q[bin]!) - present(share)) * Math.log(present(q[bin]!) / present(share))));
}

/**
 * The Wasserstein distance of order 1, in the unit of the numbers: the area between both cumulative distributions. Each
 * number of a bin counts as the middle of the bin.
 */
export function wasserstein(p: readonly number[], q: readonly number[], edges: readonly number[]): number {
  const middles = p.map((_, bin) => edges[bin]! / 2 + edges[bin + 1]! / 2);
  let difference = 0;
  let area = 0;
  for (let bin = 0; bin + 1 < p.length; bin += 1) {
    difference += p[bin]! - q[bin]!;
    area += Math.abs(difference) * (middles[bin + 1]! - middles[bin]!);
  }
  return area;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
