import { badInput } from '../errors/app-error.js';
import { priceUsage, type PricedUsage } from './price-usage.js';
import { ZERO, type Decimal } from './decimal.js';
import { buildEstimate, type CostEstimate } from './cost-estimate.js';
import { machineUsages, type MachineInput } from './machine-usage.js';
import { METERS } from './meters.js';
import type { MeasuredBatch } from './model-cost-history.js';
import type { PriceBook } from './price-book.js';
import { quantity } from './quantities.js';

export interface BatchWork extends MachineInput {
  /**
   * How long one replica takes for one batch; null: the measured time, otherwise the assumed time, otherwise the
   * estimate is refused.
   */
  readonly secondsPerBatch?: number | null | undefined;
  /**
   * The time to assume where nothing was measured; for callers that must have an estimate before a model's first job.
   */
  readonly assumedSecondsPerBatch?: number | null | undefined;
  readonly batchSize?: number | null | undefined;
  readonly startingReplicaCount?: number | null | undefined;
  /** The time that is billed for a replica before its first batch; null: that of the price book. */
  readonly startupMinutes?: number | null | undefined;
}

export interface BatchPredictionCost extends BatchWork {
  readonly rows: bigint;
}

export const DEFAULT_BATCH_SIZE = 64;

/**
 * A batch prediction job: replica hours of work and of start-up. The estimate assumes that replicas share the batches
 * evenly, so work costs the same on any number of replicas and each replica adds its start-up. No rows cost nothing,
 * because no job starts for them.
 */
export function estimateBatchPrediction(
  book: PriceBook,
  job: BatchPredictionCost,
  measured: MeasuredBatch | null,
): CostEstimate {
  const rows = quantity('rows', job.rows);
  const { cost, assumptions } = batchCost(book, job, measured);
  return buildEstimate(book, { uses: cost(rows), assumptions, predictions: rows });
}

export interface BatchCost {
  readonly batchSize: Decimal;
  /** The usage of a prediction of this number of rows. More rows never need less. */
  readonly cost: (rows: Decimal) => readonly PricedUsage[];
  readonly assumptions: readonly string[];
}

/** The cost of a job as a function of its rows. */
export function batchCost(book: PriceBook, work: BatchWork, measured: MeasuredBatch | null): BatchCost {
  const batchSize = quantity('batchSize', work.batchSize ?? DEFAULT_BATCH_SIZE);
  const replicas = quantity('startingReplicaCount', work.startingReplicaCount ?? 1);
  const { seconds, origin, experience } = batchSeconds(work, measured);
  const startup = resolveStartupTime(book, work);
  const cost = (rows: Decimal): readonly PricedUsage[] => {
    const batches = rows.dividedBy(batchSize).ceil();
    const workHours = batches.times(seconds).dividedBy(3600);
    const startupHours = batches.isZero() ? ZERO : replicas.times(startup.minutes).dividedBy(60);
    return [
      ...machineUsages(work, workHours, 'predicting'),
      ...(startup.minutes.isZero() ? [] : machineUsages(work, startupHours, 'starting')),
    ].map((usage) => priceUsage(book, usage));
  };
  return {
    batchSize,
    cost,
    assumptions: [
      `A batch of ${batchSize.toFixed()} rows takes ${seconds.toSignificantDigits(6).toFixed()} s on one replica: ${origin}.`,
      `Batches are shared evenly by ${replicas.toFixed()} replica${replicas.equals(1) ? '' : 's'}; a replica without a batch left is not billed.`,
      ...startup.assumptions,
      ...experience,
    ],
  };
}

/** The cost of the replica hours that a job has used so far, or in all: as billed, with start-up. */
export function priceReplicaHours(book: PriceBook, machine: MachineInput, replicaHours: number): CostEstimate {
  const hours = quantity('replicaHours', replicaHours);
  return buildEstimate(book, { uses: machineUsages(machine, hours, 'used').map((usage) => priceUsage(book, usage)) });
}

interface BatchSeconds {
  readonly seconds: Decimal;
  readonly origin: string;
  /** A sentence for people: what past jobs show about estimates. */
  readonly experience: readonly string[];
}

function batchSeconds(work: BatchWork, measured: MeasuredBatch | null): BatchSeconds {
  if (typeof work.secondsPerBatch === 'number') {
    return { seconds: quantity('secondsPerBatch', work.secondsPerBatch), origin: 'given', experience: [] };
  }
  if (measured) {
    const { secondsPerBatch: seconds, origin, actualToEstimated } = measured;
    const times = actualToEstimated?.toSignificantDigits(3).toFixed();
    return {
      seconds,
      origin,
      experience: times ? [`These jobs cost ${times} times what was estimated for them.`] : [],
    };
  }
  if (typeof work.assumedSecondsPerBatch === 'number') {
    const seconds = quantity('assumedSecondsPerBatch', work.assumedSecondsPerBatch);
    return { seconds, origin: 'assumed, as no job of this model on this machine has ended yet', experience: [] };
  }
  throw badInput(
    'How long does a batch take? Give "secondsPerBatch", or a "model" that has had a job on this machine.',
    'secondsPerBatch',
  );
}

function resolveStartupTime(
  book: PriceBook,
  { startupMinutes }: BatchWork,
): { minutes: Decimal; assumptions: string[] } {
  if (typeof startupMinutes === 'number')
    return { minutes: quantity('startupMinutes', startupMinutes), assumptions: [] };
  const startup = book.meters.get(METERS.machineHour)?.startup;
  if (!startup) return { minutes: ZERO, assumptions: [] };
  const { minutes, quality, source } = startup;
  return {
    minutes,
    assumptions: [`Each replica is billed about ${minutes.toFixed()} minutes of start-up (${quality}: ${source}).`],
  };
}
