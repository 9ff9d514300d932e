/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** The form in which a model gets an instance. */
export type BatchInstanceFormat =
  /** A list of the values, in the order of the columns. */
  | 'ARRAY'
  /** An object: the values by the names of their columns. */
  | 'OBJECT';

/** How rows of a table or JSON lines become instances. Only models on Vertex AI take this. */
export type BatchInstancesInput = {
  /** The model does not get these columns. Null: it gets all columns. Not with includedFields. */
  excludedFields?: Array<string> | null | undefined;
  /** The form of an instance. Null: rows of a table become objects, JSON lines stay as they are. */
  format?: BatchInstanceFormat | null | undefined;
  /** The model gets only these columns. Null: all columns. Not with excludedFields. */
  includedFields?: Array<string> | null | undefined;
  /** A column that identifies an instance: the model does not get it, the output has it. Null: none. */
  keyField?: string | null | undefined;
};

/** The format of predictions. */
export type BatchOutputFormat =
  /** JSON Lines files in UTF-8: each line is a JSON object. */
  | 'JSONL'
  /** Apache Parquet files. */
  | 'PARQUET'
  /** A table of the offline store. */
  | 'TABLE';

/** The format and location of the predictions. */
export type BatchOutputInput = {
  /** The format of the output. */
  format?: BatchOutputFormat;
  /** The location: a folder in the folder for files, a gs:// prefix or a table. Null: the gateway chooses one. BatchPredictionJob.output shows it. */
  location?: string | null | undefined;
};

/** The batch prediction to estimate: exactly one of its fields. */
export type BatchPredictionEstimateInput =
  {   /** Figures of a batch prediction. No model and no source are needed. */
  figures: BatchPredictionFiguresInput; job?: never; }
  |  { figures?: never;   /** The input of `startBatchPrediction`. The gateway counts the rows of its source, and refuses what `startBatchPrediction` refuses. */
  job: StartBatchPredictionInput; };

/** The figures of a batch prediction. */
export type BatchPredictionFiguresInput = {
  /** The number of accelerators of each machine, from 1 to 16. Null: 1, if acceleratorType is set. */
  acceleratorCount?: number | null | undefined;
  /** An accelerator type, e.g. NVIDIA_TESLA_T4. Null: no accelerator. */
  acceleratorType?: string | null | undefined;
  /** The number of rows in a batch. */
  batchSize?: number | null | undefined;
  /** A machine type of the price book, e.g. n1-standard-4. Null: the first machine type of the book. */
  machineType?: string | null | undefined;
  /** The id of a model: its past jobs give the seconds per batch. Null if secondsPerBatch is set. */
  model?: string | number | null | undefined;
  /** The id of a price book, or a name: the newest book with that name. Null: the price book of the gateway. */
  priceBook?: string | number | null | undefined;
  /** The number of rows to predict for. */
  rows: string | number;
  /** The seconds that one replica needs for a batch. Null: the median of the last five jobs of `model` on the same machine type. */
  secondsPerBatch?: number | null | undefined;
  /** The number of replicas that share the batches. */
  startingReplicaCount?: number | null | undefined;
  /** The minutes that each replica is billed before its first batch. Null: the figure of the price book. */
  startupMinutes?: number | null | undefined;
};

/** The source of a batch prediction: exactly one of its fields. A row is an instance. */
export type BatchSourceInput =
  {   /** Files with the instances. */
  files: FilesInput; instanceFiles?: never; table?: never; trainingSetJob?: never; }
  |  { files?: never;   /** Files in Cloud Storage that only models on Vertex AI read. */
  instanceFiles: InstanceFilesInput; table?: never; trainingSetJob?: never; }
  |  { files?: never; instanceFiles?: never;   /** A table or view of the offline store: its name, or schema.name. */
  table: string; trainingSetJob?: never; }
  |  { files?: never; instanceFiles?: never; table?: never;   /** The id of a training set job that has succeeded. Its output is the source. */
  trainingSetJob: string | number; };

/** The compression of a text file. */
export type Compression =
  /** gzip. */
  | 'GZIP'
  /** None. */
  | 'NONE'
  /** Zstandard. */
  | 'ZSTD';

/** The moment that a date stands for. */
export type DateMoment =
  /** The first moment of the next day. */
  | 'END_OF_DAY'
  /** The first moment of the day. */
  | 'START_OF_DAY';

/** The status of a feature value. Current reads and reads as of a point in time use the same statuses. */
export type FeatureValueStatus =
  /** The client has no permission to read the feature. */
  | 'DENIED'
  /** The feature has a value that is older than ttlSeconds. The gateway returns it only with the argument `includeExpired`. */
  | 'EXPIRED'
  /** The store has no data of the entity at that time. */
  | 'NOT_FOUND'
  /** The store has data of the entity at that time, and the feature has no value in it. */
  | 'NULL'
  /** The feature has a value. */
  | 'PRESENT';

/** The format of a file with a table. */
export type FileFormat =
  /** Comma-separated values in UTF-8. The first line has the column names. */
  | 'CSV'
  /** JSON Lines in UTF-8: each line is a JSON object. */
  | 'JSONL'
  /** Apache Parquet. */
  | 'PARQUET';

/** Files that together are one table. The gateway reads them in the order of `paths`. */
export type FilesInput = {
  /** CSV and JSONL: the compression. Null: the extension decides (.gz or .zst). */
  compression?: Compression | null | undefined;
  /** The moment that a date alone stands for, in `timeZone`. Null: a date where a time is needed is refused. */
  dateAsMoment?: DateMoment | null | undefined;
  /** CSV and JSONL: the form of dates in the letters of strptime, such as %d/%m/%Y. Null: ISO 8601. */
  dateFormat?: string | null | undefined;
  /** CSV: the decimal separator of numbers, "." or ",". Null: ".". */
  decimal?: string | null | undefined;
  /** CSV: the character between fields. Null: a comma, and a tab where the name ends in .tsv. */
  delimiter?: string | null | undefined;
  /** CSV and JSONL: the encoding, such as ISO-8859-1, WINDOWS-1252 or UTF-16LE. Null: UTF-8. */
  encoding?: string | null | undefined;
  /** The format of all files. Null: the extension of the first path decides (.parquet, .csv, .jsonl or .ndjson). */
  format?: FileFormat | null | undefined;
  /** CSV: whether the first line has the column names. Null: it has. False: column1, column2 and so on. */
  header?: boolean | null | undefined;
  /** CSV: an unquoted field of this text is null. An empty unquoted field always is. */
  nullText?: string | null | undefined;
  /** The paths of files, folders or patterns (orders/*.parquet) in the folder for files, at least one. On Google Cloud: gs:// addresses. */
  paths: Array<string>;
  /** The time zone of times that name none, such as UTC or Europe/Zurich. Null: such text is refused; in Parquet it is UTC. */
  timeZone?: string | null | undefined;
  /** CSV and JSONL: the form of times in the letters of strptime, such as %d/%m/%Y %H:%M. Null: ISO 8601. */
  timestampFormat?: string | null | undefined;
};

/** The format of files that only models on Vertex AI read. */
export type InstanceFileFormat =
  /** Text files: each line is the gs:// address of a file, which is an instance. */
  | 'FILE_LIST'
  /** TFRecord files. There should be at least as many files as machines. */
  | 'TF_RECORD'
  /** TFRecord files that are compressed with gzip. */
  | 'TF_RECORD_GZIP';

/** Files in Cloud Storage that only models on Vertex AI read. */
export type InstanceFilesInput = {
  /** The format of the files. */
  format: InstanceFileFormat;
  /** The gs:// addresses of the files, at least one. */
  paths: Array<string>;
};

/** The state of a job. SUCCEEDED, PARTIALLY_SUCCEEDED, FAILED, CANCELLED and EXPIRED are final: the state never changes again. */
export type JobState =
  /** The job was cancelled. Its partial result is kept. */
  | 'CANCELLED'
  /** A client asked to cancel the job and it has not stopped yet. It can still end in any final state. */
  | 'CANCELLING'
  /** The job ended because the system that ran it reached its time limit. Job.error has the reason. */
  | 'EXPIRED'
  /** The job ended with an error. Job.error has the reason. */
  | 'FAILED'
  /** The job ended and some items failed. BatchPredictionJob.failures lists them. */
  | 'PARTIALLY_SUCCEEDED'
  /** The system that runs the job has paused it. That system resumes it. */
  | 'PAUSED'
  /** The job is prepared: the gateway reads the input, loads the model or waits for machines. */
  | 'PENDING'
  /** The job is stored and waits for its turn. */
  | 'QUEUED'
  /** The job is running. */
  | 'RUNNING'
  /** The job ended and all items succeeded. */
  | 'SUCCEEDED';

/** The runtime of a model. */
export type ModelRuntime =
  /** An HTTP server predicts. It implements the contract of Vertex AI for custom containers. */
  | 'HTTP'
  /** The gateway runs an ONNX file in worker threads. */
  | 'ONNX'
  /** Vertex AI predicts with a model of its Model Registry. */
  | 'VERTEX';

/** How predictions are made. */
export type ServingMode =
  /** A batch prediction job makes them. */
  | 'BATCH'
  /** An endpoint makes them. It is deployed and billed all the time, also without requests. */
  | 'ONLINE';

/** The input of `startBatchPrediction`. */
export type StartBatchPredictionInput = {
  /** The number of accelerators of each machine. Null: no accelerator. */
  acceleratorCount?: number | null | undefined;
  /** The accelerator type, e.g. NVIDIA_TESLA_T4. Null: no accelerator. */
  acceleratorType?: string | null | undefined;
  /** The number of instances in one request to the model, at least 1. */
  batchSize?: number | null | undefined;
  /** The cost in US dollars above which the running job is cancelled. Its cost is counted about once a second. The job then ends as CANCELLED with the error COST_OVER_LIMIT, and what it has written stays as after any cancellation. A query of BigQuery that could cost more than is left is refused before it runs. Null: the job runs to its end. */
  cancelAboveUsd?: number | null | undefined;
  /** A display name for people. It need not be unique. */
  displayName: string;
  /** true: the output has an explanation of each prediction. The model must support it. */
  generateExplanation?: boolean | null | undefined;
  /** An idempotency key, e.g. a UUID, of at most 500 bytes. A second request with the same key starts no job and returns the first one. Null: each request starts a job. */
  idempotencyKey?: string | null | undefined;
  /** The source of the instances. */
  input: BatchSourceInput;
  /** How rows become instances. Null: as objects of all columns, or lines as they stand. */
  instances?: BatchInstancesInput | null | undefined;
  /** Labels to find the job by: an object whose values are strings. Null: no labels. */
  labels?: Record<string, unknown> | null | undefined;
  /** The machine type on Vertex AI. Null: n1-standard-4. Models with another runtime ignore it. */
  machineType?: string | null | undefined;
  /** The maximum estimated cost in US dollars. A higher estimate is refused with COST_OVER_LIMIT. Null: only the daily budget limits the cost. */
  maxCostUsd?: number | null | undefined;
  /** The maximum number of machines. Null: startingReplicaCount. */
  maxReplicaCount?: number | null | undefined;
  /** The id ("models/…") or the name of the model. */
  model: string | number;
  /** The format and location of the predictions. */
  output: BatchOutputInput;
  /** Parameters that the model gets with each batch, e.g. {threshold: 0.8}. Null: no parameters. */
  parameters?: Record<string, unknown> | null | undefined;
  /** The number of machines at the start, at least 1. In the process of the gateway: the number of batches that are predicted in parallel. */
  startingReplicaCount?: number | null | undefined;
};

/** The database system of a store. */
export type StoreKind =
  /** An offline store on Google Cloud: BigQuery tables. */
  | 'BIGQUERY'
  /** An online store on Google Cloud: a Bigtable table. */
  | 'BIGTABLE'
  /** An embedded offline store: DuckDB in the data folder of the gateway. */
  | 'DUCKDB'
  /** An embedded online store: LMDB in the data folder of the gateway. */
  | 'LMDB'
  /** An online store on Google Cloud: a feature view of Vertex AI. */
  | 'VERTEX_FEATURE_VIEW'
  /** A store on Google Cloud: Vertex AI Feature Store (Legacy). Google shuts it down on 2027-02-17. */
  | 'VERTEX_LEGACY';

/** The kind of a UserError. Later versions may add codes: treat an unknown code as BAD_USER_INPUT. */
export type UserErrorCode =
  /** An argument, variable or cursor is not valid. */
  | 'BAD_USER_INPUT'
  /** The estimate or the cost exceeds maxCostUsd, cancelAboveUsd or the daily budget. Of an estimate, the error contains it. */
  | 'COST_OVER_LIMIT'
  /** The featurestore has no entity type with this name. */
  | 'ENTITY_TYPE_NOT_FOUND'
  /** The value is not as the registry expects. `Feature.expectations` says what is expected. */
  | 'EXPECTATION_VIOLATED'
  /** There is no featurestore with this name. */
  | 'FEATURESTORE_NOT_FOUND'
  /** The entity type has no feature with this name. */
  | 'FEATURE_NOT_FOUND'
  /** The feature is computed by the SQL of its source. Clients write only features of sources without SQL. */
  | 'FEATURE_NOT_WRITABLE'
  /** The featurestore has no feature view with this name. */
  | 'FEATURE_VIEW_NOT_FOUND'
  /** The folder for files has no file with this name. */
  | 'FILE_NOT_FOUND'
  /** There is no job with this id. */
  | 'JOB_NOT_FOUND'
  /** There is no model with this name. */
  | 'MODEL_NOT_FOUND'
  /** The gateway cannot load or reach the model. */
  | 'MODEL_UNAVAILABLE'
  /** The featurestore has no monitor with this name. */
  | 'MONITOR_NOT_FOUND'
  /** The policy of the gateway does not allow this to the client. `viewer.permissions` says what it allows. */
  | 'PERMISSION_DENIED'
  /** The offline store has no table with this name. */
  | 'TABLE_NOT_FOUND';

/** The type of the values of a feature, or of an input or output of a model. FeatureScalar describes how each type is written in JSON. */
export type ValueType =
  /** A boolean. */
  | 'BOOL'
  /** A list of booleans. It contains no nulls. */
  | 'BOOL_ARRAY'
  /** Bytes. In JSON: base64. */
  | 'BYTES'
  /** A 64-bit floating-point number. NaN and the infinities are values. */
  | 'DOUBLE'
  /** A list of DOUBLE. It contains no nulls. */
  | 'DOUBLE_ARRAY'
  /** A signed 64-bit integer. */
  | 'INT64'
  /** A list of INT64. It contains no nulls. */
  | 'INT64_ARRAY'
  /** Unicode text. The empty text is a value, not a null. */
  | 'STRING'
  /** A list of STRING. It contains no nulls. */
  | 'STRING_ARRAY'
  /** A JSON object. Integers beyond 2^53 in it are strings. */
  | 'STRUCT'
  /** A point in time in UTC, with microseconds. */
  | 'TIMESTAMP';

/** The input of `writeFeatureValues`. */
export type WriteFeatureValuesInput = {
  /** The name of the featurestore. */
  featurestore: string;
  /** An idempotency key, e.g. a UUID, of at most 500 bytes. A second request with the same key and rows writes nothing and returns the first result. With other rows it is refused. Null: a repeated row is a duplicate while its values are the last ones of its event time. */
  idempotencyKey?: string | null | undefined;
  /** The rows, at most 10,000, of one or more entity types. */
  rows: Array<WrittenRowInput>;
};

/** Values of one entity that became true together. */
export type WrittenRowInput = {
  /** The entity id. A composite id is its parts joined by commas. */
  entityId: string | number;
  /** The name of the entity type. */
  entityType: string;
  /** The event time: when the values became true. It is required, except in a row with only static features, which has none. It is in 1900 or later, and at most 10 years ahead. A value of the future is read when its time comes. */
  timestamp?: string | null | undefined;
  /** At least one value. In a dense entity type a row has every feature of its source. In others, features without an entry keep their values. */
  values: Array<WrittenValueInput>;
};

/** A value to write. */
export type WrittenValueInput = {
  /** The name of the feature. Its source has no SQL. */
  feature: string;
  /** The value, in the JSON of its ValueType. Null: a written null. In a dense entity type the feature is then NULL. In others its last value stays. */
  value?: unknown;
};

export type DepartureBoardQueryVariables = Exact<{
  airports: Array<string | number> | string | number;
  at?: string | null | undefined;
}>;


export type DepartureBoardQuery = { flights: { airports: Array<{ entityId: string, name: string | null, departures1h: string | null, meanDelay3h: number | null, lastDestination: string | null }> } };

export type WriteDeparturesMutationVariables = Exact<{
  input: WriteFeatureValuesInput;
}>;


export type WriteDeparturesMutation = { writeFeatureValues: { userErrors: Array<{ field: Array<string> | null, message: string }> } };

export type BoardSubscriptionVariables = Exact<{
  airports: Array<string | number> | string | number;
}>;


export type BoardSubscription = { featureValues: { entities: Array<
      | { entityId: string, features: Array<{ name: string, value: unknown, timestamp: string | null }> }
      | { entityId: string, features: Array<{ name: string, value: unknown, timestamp: string | null }> }
    > } };

export type BoardAsOfQueryVariables = Exact<{
  airports: Array<string | number> | string | number;
  at: string;
}>;


export type BoardAsOfQuery = { entities: Array<
    | { entityId: string, features: Array<{ value: unknown }> }
    | { entityId: string, features: Array<{ value: unknown }> }
  > };

export type RegistryQueryVariables = Exact<{ [key: string]: never; }>;


export type RegistryQuery = { featurestores: { nodes: Array<{ name: string, description: string | null, labels: Record<string, unknown>, onlineStore: { kind: StoreKind, healthy: boolean }, offlineStore: { kind: StoreKind, healthy: boolean }, entityTypes: Array<{ name: string, description: string | null, entityIdColumns: Array<string>, dense: boolean, features: { nodes: Array<{ name: string, valueType: ValueType, unit: string | null, description: string | null, owner: string | null, ttlSeconds: number | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } }>, featureViews: Array<{ name: string, schedule: string | null, features: Array<{ name: string }> }> }> } };

export type SearchQueryVariables = Exact<{ [key: string]: never; }>;


export type SearchQuery = { searchFeatures: { nodes: Array<{ id: string, name: string, unit: string | null, description: string | null, entityType: { name: string } }> } };

export type TypedQueryVariables = Exact<{ [key: string]: never; }>;


export type TypedQuery = { flights: { airport: { name: string | null, city: string | null, departures24h: string | null, p90Delay24h: number | null, lastDestination: string | null, lastDepartureAt: string | null, isHub: boolean | null } | null } };

export type AsOfQueryVariables = Exact<{
  moment?: string | null | undefined;
}>;


export type AsOfQuery = { flights: { then: { asOf: string | null, departures1h: string | null, meanDelay3h: number | null, delayTrend6h: Array<number> | null } | null, hourBefore: { asOf: string | null, departures1h: string | null, meanDelay3h: number | null, delayTrend6h: Array<number> | null } | null, beforeAll: { asOf: string | null, departures1h: string | null, meanDelay3h: number | null, delayTrend6h: Array<number> | null } | null, now: { asOf: string | null, departures1h: string | null, meanDelay3h: number | null, delayTrend6h: Array<number> | null } | null } };

export type DelaysFragment = { asOf: string | null, departures1h: string | null, meanDelay3h: number | null, delayTrend6h: Array<number> | null };

export type StatusQueryVariables = Exact<{ [key: string]: never; }>;


export type StatusQuery = { entity:
    | { id: string, features: Array<{ name: string, value: unknown, status: FeatureValueStatus, timestamp: string | null, ageSeconds: number | null }> }
    | { id: string, features: Array<{ name: string, value: unknown, status: FeatureValueStatus, timestamp: string | null, ageSeconds: number | null }> }
   | null };

export type CompositeIdQueryVariables = Exact<{ [key: string]: never; }>;


export type CompositeIdQuery = { flights: { routes: Array<{ entityId: string, distanceMiles: string | null, departures7d: string | null, meanDelay7d: number | null, lateShare7d: number | null, quietHours: string | null }> } };

export type EntitiesQueryVariables = Exact<{
  ids?: Array<string | number> | string | number;
  moment?: string | null | undefined;
}>;


export type EntitiesQuery = { entities: Array<
    | { name: string | null, id: string, entityId: string, features: Array<{ name: string, value: unknown, status: FeatureValueStatus, timestamp: string | null }> }
    | { id: string, entityId: string, features: Array<{ name: string, value: unknown, status: FeatureValueStatus, timestamp: string | null }> }
  > };

export type HistoryQueryVariables = Exact<{
  after?: string | null | undefined;
}>;


export type HistoryQuery = { entity:
    | { history: { nodes: Array<{ timestamp: string | null, value: unknown }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } }
    | { history: { nodes: Array<{ timestamp: string | null, value: unknown }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } }
   | null };

export type MatrixQueryVariables = Exact<{ [key: string]: never; }>;


export type MatrixQuery = { featureMatrix: { entityIds: Array<string>, names: Array<string>, values: Array<Array<unknown>>, statuses: Array<Array<FeatureValueStatus>> } };

export type NodeQueryVariables = Exact<{ [key: string]: never; }>;


export type NodeQuery = { nodes: Array<
    | { __typename: 'BacktestJob', id: string }
    | { __typename: 'BatchPredictionJob', id: string }
    | { __typename: 'EntityType', id: string }
    | { __typename: 'Feature', valueType: ValueType, unit: string | null, id: string }
    | { __typename: 'FeatureView', id: string }
    | { __typename: 'FeatureViewSyncJob', id: string }
    | { __typename: 'Featurestore', id: string }
    | { __typename: 'FlightsAirport', departures24h: string | null, lastDestination: string | null, id: string }
    | { __typename: 'FlightsFeaturestore', id: string }
    | { __typename: 'FlightsRoute', id: string }
    | { __typename: 'Model', id: string }
    | { __typename: 'Monitor', id: string }
    | { __typename: 'MonitorRunJob', id: string }
    | { __typename: 'PriceBook', id: string }
    | { __typename: 'SourceRefreshJob', id: string }
    | { __typename: 'TrainingSetJob', id: string }
   | null> };

export type ModelsQueryVariables = Exact<{ [key: string]: never; }>;


export type ModelsQuery = { models: Array<{ id: string, displayName: string, description: string | null, runtime: ModelRuntime, inputs: Array<{ name: string, valueType: ValueType, unit: string | null, optional: boolean }>, outputs: Array<{ name: string, valueType: ValueType, unit: string | null }> }> };

export type TrainingSetPreviewQueryVariables = Exact<{ [key: string]: never; }>;


export type TrainingSetPreviewQuery = { trainingSetPreview: { columns: Array<string>, rows: Array<Record<string, unknown>>, validation: { labelRows: string, joinedRows: string, leakedRows: string, featureCoverage: Array<{ column: string, present: string, nulls: string, notFound: string, expired: string }> } } | null };

export type StartTrainingSetMutationVariables = Exact<{ [key: string]: never; }>;


export type StartTrainingSetMutation = { startTrainingSet: { job: { id: string, state: JobState } | null, userErrors: Array<{ message: string, code: UserErrorCode, field: Array<string> | null }> } };

export type JobsQueryVariables = Exact<{ [key: string]: never; }>;


export type JobsQuery = { jobs: { nodes: Array<
      | { __typename: 'BacktestJob', id: string, state: JobState, createdAt: string, progress: { completed: string, total: string | null, percent: number | null } }
      | { __typename: 'BatchPredictionJob', displayName: string, id: string, state: JobState, createdAt: string, output: { predictions: string | null }, progress: { completed: string, total: string | null, percent: number | null } }
      | { __typename: 'FeatureViewSyncJob', id: string, state: JobState, createdAt: string, progress: { completed: string, total: string | null, percent: number | null } }
      | { __typename: 'MonitorRunJob', id: string, state: JobState, createdAt: string, progress: { completed: string, total: string | null, percent: number | null } }
      | { __typename: 'SourceRefreshJob', id: string, state: JobState, createdAt: string, progress: { completed: string, total: string | null, percent: number | null } }
      | { __typename: 'TrainingSetJob', id: string, state: JobState, createdAt: string, written: { location: string, rows: string } | null, progress: { completed: string, total: string | null, percent: number | null } }
    >, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type JobProgressSubscriptionVariables = Exact<{
  id: string | number;
}>;


export type JobProgressSubscription = { jobProgress:
    | { id: string, state: JobState, progress: { completed: string, failed: string, total: string | null, percent: number | null, ratePerSecond: number | null, remainingSeconds: number | null }, error: { code: string, message: string } | null }
    | { id: string, state: JobState, progress: { completed: string, failed: string, total: string | null, percent: number | null, ratePerSecond: number | null, remainingSeconds: number | null }, error: { code: string, message: string } | null }
    | { id: string, state: JobState, progress: { completed: string, failed: string, total: string | null, percent: number | null, ratePerSecond: number | null, remainingSeconds: number | null }, error: { code: string, message: string } | null }
    | { id: string, state: JobState, progress: { completed: string, failed: string, total: string | null, percent: number | null, ratePerSecond: number | null, remainingSeconds: number | null }, error: { code: string, message: string } | null }
    | { id: string, state: JobState, progress: { completed: string, failed: string, total: string | null, percent: number | null, ratePerSecond: number | null, remainingSeconds: number | null }, error: { code: string, message: string } | null }
    | { id: string, state: JobState, progress: { completed: string, failed: string, total: string | null, percent: number | null, ratePerSecond: number | null, remainingSeconds: number | null }, error: { code: string, message: string } | null }
   };

export type CostEstimateQueryVariables = Exact<{ [key: string]: never; }>;


export type CostEstimateQuery = { batchJob: { assumptions: Array<string>, total: { amount: number, currency: string }, perPrediction: { amount: number } | null, lines: Array<{ description: string, quantity: number, unit: string, unitPrice: number, amount: number }> }, featurestore: { assumptions: Array<string>, total: { amount: number }, atLeast: { amount: number } | null, atMost: { amount: number } | null } };

export type BatchOrOnlineQueryVariables = Exact<{ [key: string]: never; }>;


export type BatchOrOnlineQuery = { compareServing: { cheaper: ServingMode, ratio: number, breakEvenPredictions: number | null, mostPredictionsFor342Times: number | null, batch: { total: { amount: number } }, online: { total: { amount: number } }, curve: Array<{ predictions: string, cheaper: ServingMode, batch: { amount: number }, online: { amount: number } }> } };

export type JobCostsQueryVariables = Exact<{ [key: string]: never; }>;


export type JobCostsQuery = { batchPredictionJobs: { nodes: Array<{ id: string, displayName: string, state: JobState, estimatedCost: { assumptions: Array<string>, total: { amount: number, currency: string }, lines: Array<{ description: string, quantity: number, unit: string, unitPrice: number }> }, costSoFar: { amount: number } | null }> }, trainingSet: { assumptions: Array<string>, total: { amount: number } } };

export type EstimateQueryVariables = Exact<{
  input: BatchPredictionEstimateInput;
}>;


export type EstimateQuery = { estimateBatchPrediction: { total: { amount: number, currency: string } } };

export type AirportQueryVariables = Exact<{
  id: string | number;
  at?: string | null | undefined;
}>;


export type AirportQuery = { flights: { airport: { departures1h: string | null, departures24h: string | null, meanDelay3h: number | null, p90Delay24h: number | null, lateShare24h: number | null, delayTrend6h: Array<number> | null, lastDestination: string | null, lastDepartureAt: string | null, isHub: boolean | null, features: Array<{ name: string, timestamp: string | null }> } | null } };

export type RouteQueryVariables = Exact<{
  id: string | number;
  at?: string | null | undefined;
}>;


export type RouteQuery = { flights: { route: { departures1h: string | null, departures24h: string | null, departures7d: string | null, meanDelay24h: number | null, meanDelay7d: number | null, lateShare7d: number | null, maxDelay24h: string | null, lastDelay: string | null, quietHours: string | null, distanceMiles: string | null } | null } };

export type NewestAirportsQueryVariables = Exact<{
  ids: Array<string | number> | string | number;
  names: Array<string> | string;
  at?: string | null | undefined;
}>;


export type NewestAirportsQuery = { featureMatrix: { values: Array<Array<unknown>>, timestamps: Array<Array<string | null>>, statuses: Array<Array<FeatureValueStatus>> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const DelaysFragmentDoc = new TypedDocumentString(`
    fragment Delays on FlightsAirport {
  asOf
  departures1h
  meanDelay3h
  delayTrend6h
}
    `, {"fragmentName":"Delays"}) as unknown as TypedDocumentString<DelaysFragment, unknown>;
export const DepartureBoardDocument = new TypedDocumentString(`
    query DepartureBoard($airports: [ID!]!, $at: DateTime) {
  flights {
    airports(entityIds: $airports, asOf: $at) {
      entityId
      name
      departures1h
      meanDelay3h
      lastDestination
    }
  }
}
    `, {"hash":"sha256:9e3d945ea8db9ea0a10741527f76414fea5624ecc09ac709df3371c4931dc8c8"}) as unknown as TypedDocumentString<DepartureBoardQuery, DepartureBoardQueryVariables>;
export const WriteDeparturesDocument = new TypedDocumentString(`
    mutation WriteDepartures($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) {
    userErrors {
      field
      message
    }
  }
}
    `, {"hash":"sha256:1f5aa012851b0ca419cd0d8708a608df7f900fe35deb582c6bb234a49a624930"}) as unknown as TypedDocumentString<WriteDeparturesMutation, WriteDeparturesMutationVariables>;
export const BoardDocument = new TypedDocumentString(`
    subscription Board($airports: [ID!]!) {
  featureValues(
    featurestore: "board"
    entityType: "airport"
    entityIds: $airports
  ) {
    entities {
      entityId
      features {
        name
        value
        timestamp
      }
    }
  }
}
    `, {"hash":"sha256:af196cf32bc2d6cbfffca9255bcdcce428cefc2ac5c6566a8445fe451e666548"}) as unknown as TypedDocumentString<BoardSubscription, BoardSubscriptionVariables>;
export const BoardAsOfDocument = new TypedDocumentString(`
    query BoardAsOf($airports: [ID!]!, $at: DateTime!) {
  entities(
    featurestore: "board"
    entityType: "airport"
    entityIds: $airports
    asOf: $at
  ) {
    entityId
    features(names: ["departures"]) {
      value
    }
  }
}
    `, {"hash":"sha256:7218ac5efd5cfc3a0314f39905fb6b16be27ad0d8520fcfc93f93d233d3fc67f"}) as unknown as TypedDocumentString<BoardAsOfQuery, BoardAsOfQueryVariables>;
export const RegistryDocument = new TypedDocumentString(`
    query Registry {
  featurestores {
    nodes {
      name
      description
      labels
      onlineStore {
        kind
        healthy
      }
      offlineStore {
        kind
        healthy
      }
      entityTypes {
        name
        description
        entityIdColumns
        dense
        features(first: 5) {
          nodes {
            name
            valueType
            unit
            description
            owner
            ttlSeconds
          }
          pageInfo {
            hasNextPage
            endCursor
          }
        }
      }
      featureViews {
        name
        schedule
        features {
          name
        }
      }
    }
  }
}
    `, {"hash":"sha256:005343dba3dd7275bd0b498cd30cf74e9c08920dd35eb33e9a6f36f0b08ee539"}) as unknown as TypedDocumentString<RegistryQuery, RegistryQueryVariables>;
export const SearchDocument = new TypedDocumentString(`
    query Search {
  searchFeatures(text: "mean delay", first: 5) {
    nodes {
      id
      name
      unit
      description
      entityType {
        name
      }
    }
  }
}
    `, {"hash":"sha256:cebf9647823d9ee64cd07fa00cb70f8041e4f15a895c99ae23fc9bc9a264d473"}) as unknown as TypedDocumentString<SearchQuery, SearchQueryVariables>;
export const TypedDocument = new TypedDocumentString(`
    query Typed {
  flights {
    airport(entityId: "SFO") {
      name
      city
      departures24h
      p90Delay24h
      lastDestination
      lastDepartureAt
      isHub
    }
  }
}
    `, {"hash":"sha256:bc0688a933b2d99d08a2f34fceb2cc8f6d7b5c5b0963fd47a400c54d5bfc72fc"}) as unknown as TypedDocumentString<TypedQuery, TypedQueryVariables>;
export const AsOfDocument = new TypedDocumentString(`
    query AsOf($moment: DateTime = "2001-03-07T14:00:00Z") {
  flights {
    then: airport(entityId: "SFO", asOf: $moment) {
      ...Delays
    }
    hourBefore: airport(entityId: "SFO", asOf: "2001-03-07T13:00:00Z") {
      ...Delays
    }
    beforeAll: airport(entityId: "SFO", asOf: "2000-12-31T23:59:59.999999Z") {
      ...Delays
    }
    now: airport(entityId: "SFO") {
      ...Delays
    }
  }
}
    fragment Delays on FlightsAirport {
  asOf
  departures1h
  meanDelay3h
  delayTrend6h
}`, {"hash":"sha256:257b4a3f57bb015ca76b8b7d6a5d39425989ddf579a5f38c97e37ddf47b96ff7"}) as unknown as TypedDocumentString<AsOfQuery, AsOfQueryVariables>;
export const StatusDocument = new TypedDocumentString(`
    query Status {
  entity(featurestore: "flights", entityType: "airport", entityId: "SFO") {
    id
    features(view: "departure_board") {
      name
      value
      status
      timestamp
      ageSeconds
    }
  }
}
    `, {"hash":"sha256:5cf318b399990a932f6c086edd4e80626656a3551001bf95ae21f355efcd2196"}) as unknown as TypedDocumentString<StatusQuery, StatusQueryVariables>;
export const CompositeIdDocument = new TypedDocumentString(`
    query CompositeId {
  flights {
    routes(entityIds: ["SFO,JFK", "JFK,SFO"], asOf: "2001-06-30T12:00:00Z") {
      entityId
      distanceMiles
      departures7d
      meanDelay7d
      lateShare7d
      quietHours
    }
  }
}
    `, {"hash":"sha256:f16262945c70fabf075a64e558e6cd74dbd989861684188c1bcfabb7b22e620a"}) as unknown as TypedDocumentString<CompositeIdQuery, CompositeIdQueryVariables>;
export const EntitiesDocument = new TypedDocumentString(`
    query Entities($ids: [ID!]! = ["SFO", "JFK", "ORD"], $moment: DateTime = "2001-03-07T14:00:00Z") {
  entities(
    featurestore: "flights"
    entityType: "airport"
    entityIds: $ids
    asOf: $moment
  ) {
    id
    entityId
    features(names: ["departures_1h", "mean_delay_3h"]) {
      name
      value
      status
      timestamp
    }
    ... on FlightsAirport {
      name
    }
  }
}
    `, {"hash":"sha256:145ec8b7d6da1d09070e1e5cc23ae4dbb6445c9cb19bc15ef2d3248062760063"}) as unknown as TypedDocumentString<EntitiesQuery, EntitiesQueryVariables>;
export const HistoryDocument = new TypedDocumentString(`
    query History($after: String) {
  entity(featurestore: "flights", entityType: "airport", entityId: "SFO") {
    history(
      feature: "departures_1h"
      from: "2001-03-07T00:00:00Z"
      to: "2001-03-07T23:59:59Z"
      first: 6
      after: $after
    ) {
      nodes {
        timestamp
        value
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    `, {"hash":"sha256:a2ff0b37ee3d5c3d19d72342d2e431e2586bb5e97a6a5aefc04d0d2aaf24e161"}) as unknown as TypedDocumentString<HistoryQuery, HistoryQueryVariables>;
export const MatrixDocument = new TypedDocumentString(`
    query Matrix {
  featureMatrix(
    featurestore: "flights"
    entityType: "airport"
    entityIds: ["SFO", "JFK", "ATL", "XXX"]
    names: ["departures_24h", "late_share_24h", "is_hub"]
    asOf: "2001-06-30T12:00:00Z"
  ) {
    entityIds
    names
    values
    statuses
  }
}
    `, {"hash":"sha256:6cddc37995c5a1e19afbeb9d3a80e83e20e6161b52d31f8dc94b0e631418affb"}) as unknown as TypedDocumentString<MatrixQuery, MatrixQueryVariables>;
export const NodeDocument = new TypedDocumentString(`
    query Node {
  nodes(
    ids: ["featurestores/flights", "featurestores/flights/entityTypes/airport/features/mean_delay_3h", "featurestores/flights/entityTypes/airport/entities/SFO@2001-03-07T14:00:00Z", "featurestores/flights/entityTypes/airport/entities/SFO"]
  ) {
    __typename
    id
    ... on Feature {
      valueType
      unit
    }
    ... on FlightsAirport {
      departures24h
      lastDestination
    }
  }
}
    `, {"hash":"sha256:ffb151953f76c1400d39a58ec66c5edc5f8407635c4a5552460baf98ed587fe1"}) as unknown as TypedDocumentString<NodeQuery, NodeQueryVariables>;
export const ModelsDocument = new TypedDocumentString(`
    query Models {
  models {
    id
    displayName
    description
    runtime
    inputs {
      name
      valueType
      unit
      optional
    }
    outputs {
      name
      valueType
      unit
    }
  }
}
    `, {"hash":"sha256:6b8f900655cfc456ed5d59eefe3c56c6a80670d9c232d83b12f5bd21e36d89af"}) as unknown as TypedDocumentString<ModelsQuery, ModelsQueryVariables>;
export const TrainingSetPreviewDocument = new TypedDocumentString(`
    query TrainingSetPreview {
  trainingSetPreview(
    input: {featurestore: "flights", entityType: "airport", labels: {source: {rows: [{origin: "SFO", destination: "JFK", timestamp: "2001-03-07T14:00:00Z", delay: 12}, {origin: "ATL", destination: "ORD", timestamp: "2001-06-30T12:00:00Z", delay: -3}]}, entityIdColumns: ["origin"]}, features: ["departures_1h", "mean_delay_3h"], joins: [{entityType: "route", featureViews: ["route_delay_model"]}, {entityType: "airport", entityIdColumns: ["destination"], features: ["late_share_24h"], prefix: "destination_"}]}
  ) {
    columns
    rows
    validation {
      labelRows
      joinedRows
      leakedRows
      featureCoverage {
        column
        present
        nulls
        notFound
        expired
      }
    }
  }
}
    `, {"hash":"sha256:97c7155118d96c53ff71f60ae2a0a6afaff05413f8980e302add6a44b0e45f39"}) as unknown as TypedDocumentString<TrainingSetPreviewQuery, TrainingSetPreviewQueryVariables>;
export const StartTrainingSetDocument = new TypedDocumentString(`
    mutation StartTrainingSet {
  startTrainingSet(
    input: {displayName: "Two flights", trainingSet: {featurestore: "flights", entityType: "airport", labels: {source: {rows: [{origin: "SFO", timestamp: "2001-03-07T14:00:00Z", delay: 12}, {origin: "ATL", timestamp: "2001-06-30T12:00:00Z", delay: -3}]}, entityIdColumns: ["origin"]}, features: ["departures_1h", "mean_delay_3h"]}, output: {format: PARQUET}, labels: {team: "operations"}, idempotencyKey: "two-flights"}
  ) {
    job {
      id
      state
    }
    userErrors {
      message
      code
      field
    }
  }
}
    `, {"hash":"sha256:0b02aa3d4885574d953b8609b219aa3303383d91b41fd5c7a7921f6d1c51913b"}) as unknown as TypedDocumentString<StartTrainingSetMutation, StartTrainingSetMutationVariables>;
export const JobsDocument = new TypedDocumentString(`
    query Jobs {
  jobs(
    filter: {kinds: [TRAINING_SET, BATCH_PREDICTION], createdFrom: "2001-01-01T00:00:00Z"}
    first: 10
  ) {
    nodes {
      __typename
      id
      state
      createdAt
      progress {
        completed
        total
        percent
      }
      ... on TrainingSetJob {
        written: output {
          location
          rows
        }
      }
      ... on BatchPredictionJob {
        displayName
        output {
          predictions
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `, {"hash":"sha256:889182399eda2dec2166a92f049117fbd438b74ddf3547e822beada64a1fce01"}) as unknown as TypedDocumentString<JobsQuery, JobsQueryVariables>;
export const JobProgressDocument = new TypedDocumentString(`
    subscription JobProgress($id: ID!) {
  jobProgress(id: $id) {
    id
    state
    progress {
      completed
      failed
      total
      percent
      ratePerSecond
      remainingSeconds
    }
    error {
      code
      message
    }
  }
}
    `, {"hash":"sha256:f9b3014c0c75a4bff6eae1e780231903b68a29ddbf4214db72109da7b5b3186c"}) as unknown as TypedDocumentString<JobProgressSubscription, JobProgressSubscriptionVariables>;
export const CostEstimateDocument = new TypedDocumentString(`
    query CostEstimate {
  batchJob: estimateBatchPrediction(
    input: {figures: {rows: 1000000, secondsPerBatch: 0.5, startingReplicaCount: 2, machineType: "n1-standard-4"}}
  ) {
    total {
      amount
      currency
    }
    perPrediction {
      amount
    }
    lines {
      description
      quantity
      unit
      unitPrice
      amount
    }
    assumptions
  }
  featurestore: estimateFeaturestore(
    input: {minNodes: 1, maxNodes: 3, onlineStorageGib: 50, readsPerMonth: 100000000, scannedTibPerMonth: 2}
  ) {
    total {
      amount
    }
    atLeast {
      amount
    }
    atMost {
      amount
    }
    assumptions
  }
}
    `, {"hash":"sha256:4849aac994e67cdaaef7bae4444de2bd367737d132f0311d9ce1d5b2de13da0f"}) as unknown as TypedDocumentString<CostEstimateQuery, CostEstimateQueryVariables>;
export const BatchOrOnlineDocument = new TypedDocumentString(`
    query BatchOrOnline {
  compareServing(
    input: {predictions: 1000000, secondsPerBatch: 0.5, machineType: "n1-standard-4", hours: 730}
  ) {
    cheaper
    ratio
    breakEvenPredictions
    mostPredictionsFor342Times: mostPredictionsForRatio(times: 342)
    batch {
      total {
        amount
      }
    }
    online {
      total {
        amount
      }
    }
    curve {
      predictions
      batch {
        amount
      }
      online {
        amount
      }
      cheaper
    }
  }
}
    `, {"hash":"sha256:8bedf1726a9eaf1e349b2b2d39c615891ab86433a890be8a5b1b1be947fd0da2"}) as unknown as TypedDocumentString<BatchOrOnlineQuery, BatchOrOnlineQueryVariables>;
export const JobCostsDocument = new TypedDocumentString(`
    query JobCosts {
  batchPredictionJobs(first: 10) {
    nodes {
      id
      displayName
      state
      estimatedCost {
        total {
          amount
          currency
        }
        lines {
          description
          quantity
          unit
          unitPrice
        }
        assumptions
      }
      costSoFar {
        amount
      }
    }
  }
  trainingSet: estimateTrainingSet(
    input: {featurestore: "flights", entityType: "airport", labels: {source: {rows: [{origin: "ATL", timestamp: "2001-06-30T12:00:00Z"}]}, entityIdColumns: ["origin"]}}
  ) {
    total {
      amount
    }
    assumptions
  }
}
    `, {"hash":"sha256:6a7eeda6ef0a137612dc161ca1631ac0a8fdff7b9d31fa102aabb447469d3b3e"}) as unknown as TypedDocumentString<JobCostsQuery, JobCostsQueryVariables>;
export const EstimateDocument = new TypedDocumentString(`
    query Estimate($input: BatchPredictionEstimateInput!) {
  estimateBatchPrediction(input: $input) {
    total {
      amount
      currency
    }
  }
}
    `, {"hash":"sha256:243c8be55ee26e64034308392143e43ea8ad8cb5e552b9a7ea5d1f6ea6767c99"}) as unknown as TypedDocumentString<EstimateQuery, EstimateQueryVariables>;
export const AirportDocument = new TypedDocumentString(`
    query Airport($id: ID!, $at: DateTime) {
  flights {
    airport(entityId: $id, asOf: $at) {
      departures1h
      departures24h
      meanDelay3h
      p90Delay24h
      lateShare24h
      delayTrend6h
      lastDestination
      lastDepartureAt
      isHub
      features {
        name
        timestamp
      }
    }
  }
}
    `, {"hash":"sha256:c79c32812fe73b338249c6c7a5f95c099985237a8cca0d1ab7c178bb21b841cc"}) as unknown as TypedDocumentString<AirportQuery, AirportQueryVariables>;
export const RouteDocument = new TypedDocumentString(`
    query Route($id: ID!, $at: DateTime) {
  flights {
    route(entityId: $id, asOf: $at) {
      departures1h
      departures24h
      departures7d
      meanDelay24h
      meanDelay7d
      lateShare7d
      maxDelay24h
      lastDelay
      quietHours
      distanceMiles
    }
  }
}
    `, {"hash":"sha256:75318e2b1103fb85b355b654955b737b4104b8fcd10d39e0a3e9a2d38a4d9ecf"}) as unknown as TypedDocumentString<RouteQuery, RouteQueryVariables>;
export const NewestAirportsDocument = new TypedDocumentString(`
    query NewestAirports($ids: [ID!]!, $names: [String!]!, $at: DateTime) {
  featureMatrix(
    featurestore: "flights"
    entityType: "airport"
    entityIds: $ids
    names: $names
    asOf: $at
  ) {
    values
    timestamps
    statuses
  }
}
    `, {"hash":"sha256:fab9d87a74be19a72650a1749e3d38e7832c6b394ce7dc0885b4e6f9ef47c2db"}) as unknown as TypedDocumentString<NewestAirportsQuery, NewestAirportsQueryVariables>;