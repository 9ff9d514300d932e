import { badInput } from '../errors/app-error.js';
import { batchCost, type BatchCost, type BatchWork } from './batch-prediction-cost.js';
import { compareMoney, Decimal, ZERO } from './decimal.js';
import { buildEstimate, sumLines, type CostEstimate } from './cost-estimate.js';
import type { MeasuredBatch } from './model-cost-history.js';
import { estimateOnlinePrediction } from './online-prediction-cost.js';
import type { NodeRangeInput } from './node-range.js';
import type { PriceBook } from './price-book.js';
import { quantity } from './quantities.js';

/** The same predictions, made by a job or by an endpoint that is deployed for `hours`. */
export interface ServingComparisonRequest extends BatchWork, NodeRangeInput {
  readonly predictions: bigint;
  /** How long the endpoint is deployed to make them; null: a month. */
  readonly hours?: number | null | undefined;
  /** null: the machine of the batch job. Its accelerators are the same either way. */
  readonly onlineMachineType?: string | null | undefined;
}

export type ServingMode = 'BATCH' | 'ONLINE';

export interface ServingComparison {
  readonly batch: CostEstimate;
  readonly online: CostEstimate;
  /** BATCH when they cost the same: it leaves nothing deployed. */
  readonly cheaper: ServingMode;
  /** How many times as much the dearer one costs; null when the cheaper costs nothing and the other something. */
  readonly ratio: Decimal | null;
  /** The most predictions for which batch is not dearer, as mostPredictions(1). */
  readonly breakEvenPredictions: Decimal | null;
  readonly curve: readonly ServingCostPoint[];
  /**
   * The most predictions for which online costs at least `times` as much as batch. 0: not even for one. null: for any number
   * that can be asked for.
   */
  readonly mostPredictions: (times: number) => Decimal | null;
}

export interface ServingCostPoint {
  readonly predictions: Decimal;
  readonly batch: Decimal;
  readonly online: Decimal;
  readonly cheaper: ServingMode;
}

/** Nothing beyond is asked for (quantities.ts), so that a volume found there is "never". */
const MAX_PREDICTIONS = new Decimal(1e15);

/**
 * An endpoint costs the same whatever it predicts, a job costs more with each batch: there is one volume up to which batch
 * is not dearer and beyond which online is cheaper. It is found by halving over whole batches with the very function that
 * prices the job, so it holds to the prediction, also for books with a least use or a start-up.
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
  // `within` always is, `beyond` never is.
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

/** Powers of ten around what was asked and around the break-even, and these two themselves. */
function curveVolumes(asked: Decimal, breakEven: Decimal | null): Decimal[] {
  const marks = [asked, ...(breakEven?.greaterThan(0) ? [breakEven, breakEven.plus(1)] : [])];
  const exponents = marks.map((mark) => Math.ceil(mark.log(10).toNumber()));
  const from = Math.max(0, Math.min(...exponents) - 3);
  const to = Math.min(15, Math.max(...exponents) + 1);
  const powers = Array.from({ length: to - from + 1 }, (_, index) => new Decimal(10).pow(from + index));
  const unique = new Map([...powers, ...marks].map((volume) => [volume.toFixed(), volume]));
  return [...unique.values()].toSorted((one, other) => one.comparedTo(other));
}
