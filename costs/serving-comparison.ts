import { badInput } from '../errors/app-error.js';
import { batchCost, type BatchCost, type BatchWork } from './batch-prediction-cost.js';
import { compareMoney, Decimal, ZERO } from './decimal.js';
import { buildEstimate, sumLines, type CostEstimate } from './cost-estimate.js';
import type { MeasuredBatch } from './model-cost-history.js';
import { estimateOnlinePrediction } from './online-prediction-cost.js';
import type { NodeRangeInput } from './node-range.js';
import type { PriceBook } from './price-book.js';
import { quantity } from './quantities.js';

/** The same predictions by a job or by an endpoint that is deployed for `hours`. */
export interface ServingComparisonRequest extends BatchWork, NodeRangeInput {
  readonly predictions: bigint;
  /** How long the endpoint is deployed; null: a month. */
  readonly hours?: number | null | undefined;
  /** null: the machine of the batch job. The accelerators are the same in both cases. */
  readonly onlineMachineType?: string | null | undefined;
}

export type ServingMode = 'BATCH' | 'ONLINE';

export interface ServingComparison {
  readonly batch: CostEstimate;
  readonly online: CostEstimate;
  /** BATCH when both cost the same, because it leaves nothing deployed. */
  readonly cheaper: ServingMode;
  /** The cost ratio of the more expensive option to the cheaper one; null when only the cheaper one costs nothing. */
  readonly ratio: Decimal | null;
  /** The greatest number of predictions for which batch is not more expensive, i.e. mostPredictions(1). */
  readonly breakEvenPredictions: Decimal | null;
  readonly curve: readonly ServingCostPoint[];
  /**
   * The greatest number of predictions for which online costs at least `times` as much as batch. 0: not even for one.
   * null: for any permitted number.
   */
  readonly mostPredictions: (times: number) => Decimal | null;
}

export interface ServingCostPoint {
  readonly predictions: Decimal;
  readonly batch: Decimal;
  readonly online: Decimal;
  readonly cheaper: ServingMode;
}

/** The maximum quantity (quantities.ts), so a break-even above it means "never". */
const MAX_PREDICTIONS = new Decimal(1e15);

/**
 * An endpoint costs the same for any number of predictions; a job costs more with each batch. So there is one volume up
 * to which batch is not more expensive and above which online is cheaper. A binary search over whole batches finds it
 * with the function that prices the job. So it is exact to the prediction, also for books with a minimum use or a
 * start-up.
 */
export function compareServing(
  book: PriceBook,
  request: ServingComparisonRequest,
  measured: MeasuredBatch | null,
): ServingComparison {
  const predictions = quantity('predictions', request.predictions);
  if (predictions.isZero())
    throw badInput('"predictions" is at least 1: nothing costs nothing either way.', 'predictions');
  const job = batchCost(book, request, measured);
  const batch = buildEstimate(book, { uses: job.cost(predictions), assumptions: job.assumptions, predictions });
  const online = estimateOnlinePrediction(book, {
    ...request,
    machineType: request.onlineMachineType ?? request.machineType,
  });
  const mostPredictions = (times: number): Decimal | null =>
    findMostWithin(job, online.total.dividedBy(quantity('times', times)));
  const breakEvenPredictions = mostPredictions(1);
  return {
    batch,
    online,
    cheaper: chooseCheaper(batch.total, online.total),
    ratio: costRatio(batch.total, online.total),
    breakEvenPredictions,
    curve: curveVolumes(predictions, breakEvenPredictions).map((volume) => {
      const cost = sumLines(job.cost(volume));
      return { predictions: volume, batch: cost, online: online.total, cheaper: chooseCheaper(cost, online.total) };
    }),
    mostPredictions,
  };
}

function chooseCheaper(batch: Decimal, online: Decimal): ServingMode {
  return compareMoney(batch, online) <= 0 ? 'BATCH' : 'ONLINE';
}

function costRatio(batch: Decimal, online: Decimal): Decimal | null {
  const [less, more] = batch.lessThan(online) ? [batch, online] : [online, batch];
  if (less.isZero()) return more.isZero() ? new Decimal(1) : null;
  return more.dividedBy(less);
}

function findMostWithin({ cost, batchSize }: BatchCost, limit: Decimal): Decimal | null {
  const isWithin = (batches: Decimal) => compareMoney(sumLines(cost(batches.times(batchSize))), limit) <= 0;
  // Invariant: `within` satisfies the condition and `beyond` does not.
  let within = ZERO;
  let beyond = MAX_PREDICTIONS.dividedBy(batchSize).ceil();
  if (isWithin(beyond)) return null;
  while (beyond.minus(within).greaterThan(1)) {
    const middle = within.plus(beyond).dividedBy(2).floor();
    if (isWithin(middle)) within = middle;
    else beyond = middle;
  }
  return within.times(batchSize);
}

/** Powers of ten around the requested volume and around the break-even, and these two values. */
function curveVolumes(asked: Decimal, breakEven: Decimal | null): Decimal[] {
  const marks = [asked, ...(breakEven?.greaterThan(0) ? [breakEven, breakEven.plus(1)] : [])];
  const exponents = marks.map((mark) => Math.ceil(mark.log(10).toNumber()));
  const from = Math.max(0, Math.min(...exponents) - 3);
  const to = Math.min(15, Math.max(...exponents) + 1);
  const powers = Array.from({ length: to - from + 1 }, (_, index) => new Decimal(10).pow(from + index));
  const unique = new Map([...powers, ...marks].map((volume) => [volume.toFixed(), volume]));
  return [...unique.values()].toSorted((one, other) => one.comparedTo(other));
}
