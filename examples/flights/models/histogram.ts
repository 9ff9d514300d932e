import type { BinnedColumns } from './binned-columns.js';
import type { TreeLimits } from './regression-tree.js';

/** The residuals of some rows by column and bin: how many, and their sum. */
export class Histogram {
  private constructor(
    readonly counts: readonly Int32Array[],
    readonly sums: readonly Float64Array[],
    readonly count: number,
    readonly sum: number,
  ) {}

  static of(columns: BinnedColumns, residuals: Float64Array, rows: Int32Array): Histogram {
    const counts = columns.bins.map((_, column) => new Int32Array(columns.binCount(column)));
    const sums = columns.bins.map((_, column) => new Float64Array(columns.binCount(column)));
    const own = Float64Array.from(rows, (row) => residuals[row]!);
    for (const [column, bins] of columns.bins.entries()) {
      const [count, sum] = [counts[column]!, sums[column]!];
      for (let index = 0; index < rows.length; index += 1) {
        const bin = bins[rows[index]!]!;
        count[bin]! += 1;
        sum[bin]! += own[index]!;
      }
    }
    return new Histogram(
      counts,
      sums,
      rows.length,
      own.reduce((total, residual) => total + residual, 0),
    );
  }

  minus(other: Histogram): Histogram {
    return new Histogram(
      this.counts.map((count, column) => count.map((value, bin) => value - other.counts[column]![bin]!)),
      this.sums.map((sum, column) => sum.map((value, bin) => value - other.sums[column]![bin]!)),
      this.count - other.count,
      this.sum - other.sum,
    );
  }
}

export interface Split {
  readonly feature: number;
  /** Bins up to this one go left. */
  readonly bin: number;
  readonly missingBin: number;
  readonly isMissingLeft: boolean;
  /** By how much the squared error shrinks. */
  readonly gain: number;
}

/** The best edge of any column, with the missing values on the side that fits them better; undefined when none helps. */
export function bestSplit(columns: BinnedColumns, histogram: Histogram, limits: TreeLimits): Split | undefined {
  let best: Split | undefined;
  const score = (sum: number, count: number): number => (sum * sum) / (count + limits.shrinkage);
  const whole = score(histogram.sum, histogram.count);
  for (const [feature, edges] of columns.edges.entries()) {
    const [counts, sums] = [histogram.counts[feature]!, histogram.sums[feature]!];
    const missingBin = edges.length + 1;
    for (const isMissingLeft of counts[missingBin]! > 0 ? [true, false] : [true]) {
      let leftCount = isMissingLeft ? counts[missingBin]! : 0;
      let leftSum = isMissingLeft ? sums[missingBin]! : 0;
      for (let bin = 0; bin < edges.length; bin += 1) {
        leftCount += counts[bin]!;
        leftSum += sums[bin]!;
        const rightCount = histogram.count - leftCount;
        if (leftCount < limits.minRowsInLeaf) continue;
        if (rightCount < limits.minRowsInLeaf) break;
        const gain = score(leftSum, leftCount) + score(histogram.sum - leftSum, rightCount) - whole;
        if (gain > (best?.gain ?? 1e-9)) best = { feature, bin, missingBin, isMissingLeft, gain };
      }
    }
  }
  return best;
}
