/** How far predictions are from what happened, in the unit of both. */
export interface Errors {
  /** Mean absolute error. */
  readonly mae: number;
  /** Root of the mean squared error: large misses weigh more. */
  readonly rmse: number;
}

export function errorsOf(predictions: Float64Array, targets: Float32Array): Errors {
  let absolute = 0;
  let squared = 0;
  for (let row = 0; row < targets.length; row += 1) {
    const miss = predictions[row]! - targets[row]!;
    absolute += Math.abs(miss);
    squared += miss * miss;
  }
  return { mae: absolute / targets.length, rmse: Math.sqrt(squared / targets.length) };
}
