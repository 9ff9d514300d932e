import type { FileFormat } from '../../datasources/files/file-format.js';
import type { JobRecord } from '../../datasources/job-store/job-record.js';
import type { Clock } from '../../values/clock.js';
import { TRAINING_SET_JOB } from '../../training-sets/training-set-job.js';
import { jobRecord } from './job-record.js';

/** 1,000 instances of the linear model. */
export const INSTANCES_SQL =
  "SELECT i AS a, i / 4.0::DOUBLE AS b, 'row \"' || i AS note FROM range(1000) AS numbers(i)";

export function files(name: string): { kind: 'FILES'; files: string[]; format: FileFormat } {
  const extension = name.split('.').at(-1)!;
  return { kind: 'FILES', files: [name], format: extension.toUpperCase() as FileFormat };
}

/** Three seconds pass at each look: parts are kept every few batches. */
export function hurriedClock(): Clock {
  let now = 1_000_000_000_000_000n;
  return () => (now += 3_000_000n);
}

/** A training set that succeeded, with its output at a location. */
export function trainingSet(format: 'PARQUET' | 'CSV' | 'TABLE', location: string): JobRecord {
  return jobRecord({
    id: 'training-set',
    handler: TRAINING_SET_JOB.handler,
    state: 'SUCCEEDED',
    result: { output: { format, location }, columns: [], rows: 1000n },
  });
}
