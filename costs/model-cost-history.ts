import type { Instant } from '../values/instant.js';
import { Decimal, median } from './decimal.js';

/** The duration and cost of a model's jobs, from which the next estimate is computed. */
export interface ModelCostHistory {
  /**
   * Stores the usage of a job that has ended. It is durable when the call resolves; a repeated call stores a job once.
   */
  record(run: ModelRun): Promise<void>;
  /** The stored jobs, newest first. */
  runs(model: string): Promise<readonly ModelRun[]>;
}

/** A batch prediction job that has ended. */
export interface ModelRun {
  readonly job: string;
  readonly model: string;
  readonly machineType: string | null;
  readonly acceleratorType: string | null;
  readonly acceleratorCount: number | null;
  readonly batchSize: number;
  /** The number of instances, predicted or failed. */
  readonly rows: bigint;
  /** The hours of all replicas without their start-up. */
  readonly workSeconds: number;
  /** The billed hours with start-up; null when unknown. */
  readonly replicaHours: number | null;
  readonly estimatedUsd: number;
  readonly actualUsd: number;
  readonly endedAt: Instant;
}

export interface MeasuredBatch {
  readonly secondsPerBatch: Decimal;
  /** For people: "measured, the middle of 3 past jobs". */
  readonly origin: string;
  /**
   * The median ratio of actual to estimated cost of these jobs: 1.2 means that estimates were a fifth too low. null
   * when no estimate was above 0.
   */
  readonly actualToEstimated: Decimal | null;
}

export interface Machine {
  readonly machineType: string | null;
  readonly acceleratorType: string | null;
  readonly acceleratorCount: number | null;
  readonly batchSize: number;
}

/** Older jobs used an older model and other data. */
const MAX_COUNTED_RUNS = 5;

/**
 * The time per batch in the newest jobs on the same machine: the median of at most five, so that one job with a cold
 * cache does not set the estimate. If there are no jobs with this batch size, jobs with other sizes count by their
 * rows. null when there is no such job.
 */
export function measuredBatch(runs: readonly ModelRun[], machine: Machine): MeasuredBatch | null {
  const onSameMachine = runs.filter(
    (run) =>
      run.rows > 0n &&
      run.workSeconds > 0 &&
      run.machineType === machine.machineType &&
      run.acceleratorType === machine.acceleratorType &&
      (run.acceleratorCount ?? 1) === (machine.acceleratorCount ?? 1),
  );
  const ofSameSize = onSameMachine.filter(({ batchSize }) => batchSize === machine.batchSize);
  if (ofSameSize.length > 0) return medianBatch(ofSameSize, secondsPerBatch, '');
  const scale = (run: ModelRun) => secondsPerRow(run).times(machine.batchSize);
  return medianBatch(onSameMachine, scale, ' with another batch size, by their rows');
}

function medianBatch(
  runs: readonly ModelRun[],
  secondsOf: (run: ModelRun) => Decimal,
  how: string,
): MeasuredBatch | null {
  const counted = runs.slice(0, MAX_COUNTED_RUNS);
  const seconds = median(counted.map(secondsOf));
  if (!seconds) return null;
  const estimated = counted.filter(({ estimatedUsd }) => estimatedUsd > 0);
  const jobs = counted.length === 1 ? 'one past job' : `${counted.length} past jobs`;
  return {
    secondsPerBatch: seconds,
    origin: `measured, ${counted.length === 1 ? 'in' : 'the middle of'} ${jobs}${how}`,
    actualToEstimated: median(estimated.map((run) => new Decimal(run.actualUsd).dividedBy(run.estimatedUsd))),
  };
}

function secondsPerBatch({ workSeconds, rows, batchSize }: ModelRun): Decimal {
  return new Decimal(workSeconds).dividedBy(new Decimal(rows).dividedBy(batchSize).ceil());
}

function secondsPerRow({ workSeconds, rows }: ModelRun): Decimal {
  return new Decimal(workSeconds).dividedBy(new Decimal(rows));
}
