import { registerEnumType } from 'type-graphql';

/* The words are those of datasources/jobs and datasources/files; a test compares them, as with schema/registry/enums.ts. */
export const JobStateEnum = {
  QUEUED: 'QUEUED',
  PENDING: 'PENDING',
  RUNNING: 'RUNNING',
  SUCCEEDED: 'SUCCEEDED',
  PARTIALLY_SUCCEEDED: 'PARTIALLY_SUCCEEDED',
  FAILED: 'FAILED',
  CANCELLING: 'CANCELLING',
  CANCELLED: 'CANCELLED',
  PAUSED: 'PAUSED',
  EXPIRED: 'EXPIRED',
} as const;

registerEnumType(JobStateEnum, {
  name: 'JobState',
  description:
    'Where a job stands. It ends once, as SUCCEEDED, PARTIALLY_SUCCEEDED, FAILED, CANCELLED or EXPIRED, and then stays so.',
  valuesConfig: {
    QUEUED: { description: 'Kept, and waiting for its turn.' },
    PENDING: { description: 'Being prepared: input is read, models are loaded, machines are started.' },
    RUNNING: { description: 'The work itself is under way.' },
    SUCCEEDED: { description: 'Ended: everything was done.' },
    PARTIALLY_SUCCEEDED: { description: 'Ended: done, but for some instances, which are in `failures`.' },
    FAILED: { description: 'Ended: `error` says why.' },
    CANCELLING: { description: 'Asked to stop. It may still succeed, when it was done before it heard of it.' },
    CANCELLED: { description: 'Ended by request; what was done until then is kept.' },
    PAUSED: { description: 'Held by the system that runs it; it goes on by itself.' },
    EXPIRED: { description: 'Ended: the system that ran it gave it up after its longest time.' },
  },
});

export const JobKindEnum = {
  BATCH_PREDICTION: 'BATCH_PREDICTION',
  TRAINING_SET: 'TRAINING_SET',
  FEATURE_VIEW_SYNC: 'FEATURE_VIEW_SYNC',
} as const;

registerEnumType(JobKindEnum, {
  name: 'JobKind',
  description: 'What a job does.',
  valuesConfig: {
    BATCH_PREDICTION: { description: 'Predicts for every row of an input.' },
    TRAINING_SET: { description: 'Joins labels with what was known at the time of each.' },
    FEATURE_VIEW_SYNC: {
      description: 'Brings the newest values of a feature view from the offline into the online store.',
    },
  },
});

export const FileFormatEnum = { PARQUET: 'PARQUET', CSV: 'CSV', JSONL: 'JSONL' } as const;

registerEnumType(FileFormatEnum, {
  name: 'FileFormat',
  description: 'What a table in a file looks like.',
  valuesConfig: {
    PARQUET: { description: 'Apache Parquet.' },
    CSV: { description: 'Comma-separated values in UTF-8, with a line of column names.' },
    JSONL: { description: 'One JSON object a line, in UTF-8.' },
  },
});

export const MetricKindEnum = {
  AVG: 'AVG',
  MIN: 'MIN',
  MAX: 'MAX',
  SUM: 'SUM',
  VARIANCE: 'VARIANCE',
  STDDEV: 'STDDEV',
  COUNT: 'COUNT',
  P50: 'P50',
  P90: 'P90',
  P99: 'P99',
} as const;

registerEnumType(MetricKindEnum, {
  name: 'MetricKind',
  description: 'How the values of an output become one number. Nulls do not count.',
  valuesConfig: {
    AVG: { description: 'The mean.' },
    MIN: { description: 'The least.' },
    MAX: { description: 'The greatest.' },
    SUM: { description: 'All together.' },
    VARIANCE: { description: 'The sample variance.' },
    STDDEV: { description: 'The sample standard deviation.' },
    COUNT: { description: 'How many there are.' },
    P50: { description: 'The median.' },
    P90: { description: 'What nine of ten are at most.' },
    P99: { description: 'What ninety-nine of a hundred are at most.' },
  },
});
