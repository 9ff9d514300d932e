import { registerEnumType } from 'type-graphql';

/* schema must not import a datasource, so the values are repeated here. A test compares them with the originals. */
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
    'The state of a job. SUCCEEDED, PARTIALLY_SUCCEEDED, FAILED, CANCELLED and EXPIRED are final: the state ' +
    'never changes again.',
  valuesConfig: {
    QUEUED: { description: 'The job is stored and waits for its turn.' },
    PENDING: {
      description: 'The job is prepared: the gateway reads the input, loads the model or waits for machines.',
    },
    RUNNING: { description: 'The job is running.' },
    SUCCEEDED: { description: 'The job ended and all items succeeded.' },
    PARTIALLY_SUCCEEDED: {
      description: 'The job ended and some items failed. BatchPredictionJob.failures lists them.',
    },
    FAILED: { description: 'The job ended with an error. Job.error has the reason.' },
    CANCELLING: {
      description: 'A client asked to cancel the job and it has not stopped yet. It can still end in any final state.',
    },
    CANCELLED: { description: 'The job was cancelled. Its partial result is kept.' },
    PAUSED: { description: 'The system that runs the job has paused it. That system resumes it.' },
    EXPIRED: {
      description: 'The job ended because the system that ran it reached its time limit. Job.error has the reason.',
    },
  },
});

export const JobKindEnum = {
  BATCH_PREDICTION: 'BATCH_PREDICTION',
  TRAINING_SET: 'TRAINING_SET',
  FEATURE_VIEW_SYNC: 'FEATURE_VIEW_SYNC',
  SOURCE_REFRESH: 'SOURCE_REFRESH',
  MONITOR_RUN: 'MONITOR_RUN',
  BACKTEST: 'BACKTEST',
} as const;

registerEnumType(JobKindEnum, {
  name: 'JobKind',
  description: 'The kind of a job.',
  valuesConfig: {
    BATCH_PREDICTION: { description: 'A BatchPredictionJob. An item is an instance.' },
    TRAINING_SET: { description: 'A TrainingSetJob. An item is a label.' },
    FEATURE_VIEW_SYNC: {
      description: 'A FeatureViewSyncJob. An item is a row: the values of one entity in one source.',
    },
    SOURCE_REFRESH: { description: 'A SourceRefreshJob. An item is a percent of the work.' },
    MONITOR_RUN: { description: 'A MonitorRunJob. An item is a feature.' },
    BACKTEST: { description: 'A BacktestJob. An item is a row: an entity at a moment.' },
  },
});

export const FileFormatEnum = { PARQUET: 'PARQUET', CSV: 'CSV', JSONL: 'JSONL' } as const;

registerEnumType(FileFormatEnum, {
  name: 'FileFormat',
  description: 'The format of a file with a table.',
  valuesConfig: {
    PARQUET: { description: 'Apache Parquet.' },
    CSV: { description: 'Comma-separated values in UTF-8. The first line has the column names.' },
    JSONL: { description: 'JSON Lines in UTF-8: each line is a JSON object.' },
  },
});

export const CompressionEnum = { NONE: 'NONE', GZIP: 'GZIP', ZSTD: 'ZSTD' } as const;

registerEnumType(CompressionEnum, {
  name: 'Compression',
  description: 'The compression of a text file.',
  valuesConfig: {
    NONE: { description: 'None.' },
    GZIP: { description: 'gzip.' },
    ZSTD: { description: 'Zstandard.' },
  },
});

export const DateMomentEnum = { START_OF_DAY: 'START_OF_DAY', END_OF_DAY: 'END_OF_DAY' } as const;

registerEnumType(DateMomentEnum, {
  name: 'DateMoment',
  description: 'The moment that a date stands for.',
  valuesConfig: {
    START_OF_DAY: { description: 'The first moment of the day.' },
    END_OF_DAY: { description: 'The first moment of the next day.' },
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
  description: 'An aggregate function. It skips nulls.',
  valuesConfig: {
    AVG: { description: 'The arithmetic mean.' },
    MIN: { description: 'The minimum.' },
    MAX: { description: 'The maximum.' },
    SUM: { description: 'The sum.' },
    VARIANCE: { description: 'The sample variance.' },
    STDDEV: { description: 'The sample standard deviation.' },
    COUNT: { description: 'The number of values.' },
    P50: { description: 'The 50th percentile, the median.' },
    P90: { description: 'The 90th percentile.' },
    P99: { description: 'The 99th percentile.' },
  },
});
