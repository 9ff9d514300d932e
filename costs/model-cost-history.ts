import type { Instant } from '../values/instant.js';
import { Decimal, median } from './decimal.js';

/** What the jobs of a model took and cost, so that the next estimate need not guess. */
export interface ModelCostHistory {
  /** Keeps what a job that has ended used. Durable when it resolves; a job kept before is kept once. */
  record(run: ModelRun): Promise<void>;
  /** The newest first, as many as are kept. */
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
  /** Predicted or failed. */
  readonly rows: bigint;
  /** Of all replicas together, without their start-up. */
  readonly workSeconds: number;
  /** As billed, with the start-up; null when nobody says. */
  readonly replicaHours: number | null;
  readonly estimatedUsd: number;
  readonly actualUsd: number;
  readonly endedAt: Instant;
}

export interface MeasuredBatch {
  readonly secondsPerBatch: Decimal;
  /** For people: "measured, the middle of 3 past jobs". */
  readonly origin: string;
  /** How far the estimates of these jobs were off: 1.2 is a fifth too low. null when none of them was above 0. */
  readonly actualToEstimated: Decimal | null;
}

export interface Machine {
  readonly machineType: string | null;
  readonly acceleratorType: string | null;
  readonly acceleratorCount: number | null;
  readonly batchSize: number;
}

/** Older jobs ran an older model and on other data. */
const MAX_COUNTED_RUNS = 5;

/**
 * How long a batch took in the newest jobs on the same machine: the middle of at most five, since one job that met a cold
 * cache must not set the price of the next. Jobs with another batch size count by their rows when there are no others.
 * null when there is nothing to go by.
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
