import type { JobRecord } from '../datasources/job-store/job-record.js';
import { JobType } from '../jobs/job-type.js';
import type { Checkpoint } from './make-training-set.js';
import { TRAINING_SET, type TrainingSetResult, type TrainingSetSpec } from './training-sets.js';

export const TRAINING_SET_JOB = new JobType<TrainingSetSpec, Checkpoint, TrainingSetResult>(
  'training-set',
  TRAINING_SET,
);

export type TrainingSetJob = JobRecord<TrainingSetSpec, Checkpoint, TrainingSetResult>;
