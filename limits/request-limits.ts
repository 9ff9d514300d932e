/**
 * The size of one request and one point-in-time query: a query of this size takes about a second (bench/point-in-time).
 */
const MAX_INLINE = 10_000;

/** The limits of one request. Each limit names what it protects; docs/limits.md has the table for users. */
export const REQUEST_LIMITS = {
  /** Entity ids of `entities`, `featureMatrix` and the typed lists. */
  maxEntityIds: MAX_INLINE,
  /** Entity ids that one subscription follows: each event may have all of them. */
  maxFollowedEntities: 1_000,
  /** Labels written into a request. A client sends more by a file or a table. */
  maxLabelRows: MAX_INLINE,
  /** Joins of a training set: 150 take 9 s of CPU for one label. */
  maxJoins: 50,
  /** Columns of labels in a request: a join of 2,000 took 4 GB and a minute, in which DuckDB hears of no deadline. */
  maxLabelColumns: 200,
  /** The same of a file or table, which can be a training set with hundreds of features. */
  maxLabelFileColumns: 1_000,
  /** Labels that a training set generates: with 20 features, they and their values are some 10 GB on the disk of the gateway. */
  maxGeneratedLabels: 50_000_000,
  /** Times at which labels are generated: each is a label of each entity. Eleven years of hours. */
  maxLabelTimes: 100_000,
  /** Labels of a preview, which runs while the client waits. A job accepts more. */
  maxPreviewLabels: MAX_INLINE,
  /** Rows of a file that `validateTrainingSet` checks while the client waits: a few seconds, and about 1 GB of memory. */
  maxValidatedRows: 1_000_000,
  /** Labels with a problem that a validation lists, of each kind: the counts say how many there are. */
  maxOffendingRows: 100,
  /** Ids of `nodes`: it serves to refresh a page and reads no features. */
  maxNodeIds: 100,
  /** Items of a page for people; a client that needs more reads the next page or a table. */
  maxPageSize: 100,
  /** The default number of items of a page. */
  defaultPageSize: 20,
  /** The default number of items of a page of small items, e.g. features or the values of a history. */
  defaultLongPageSize: 100,
  /** Most frequent values of `statistics`: each is a value of any size. */
  maxTopValues: 100,
  /** The default number of most frequent values. */
  defaultTopValues: 10,
  /** Rows of a backtest: they are joined in memory, at once, so that 5 million with 20 features are about 1 GB. */
  maxBacktestRows: 5_000_000,
  /** Windows of a backtest: the record of the job has the numbers of each, and each input has a distance in each. */
  maxBacktestWindows: 400,
  /** Distances of a backtest, one for each input and window: each is a query over all its rows. */
  maxBacktestDistances: 20_000,
  /** Days of a window of a backtest: a thousand years. Ends of longer ones could be later than any time. */
  maxBacktestWindowDays: 365_250,
  /** Columns of the output of a job in one request for statistics: each is a query. */
  maxMeasuredColumns: 200,
  /** Bins of a histogram: the store compares each number with the ends of all. */
  maxHistogramBins: 50,
  /** The default number of bins. */
  defaultHistogramBins: 10,
  /** Rows of each class in an `explanation`: each has a value of any size. */
  maxExplainedRows: 50,
  /** The default number of rows of each class. */
  defaultExplainedRows: 3,
  /** Reads, or labels, that `servedSkew` compares while the client waits: the newest reads of its range. */
  maxComparedReads: MAX_INLINE,
  /** Examples of each feature in `servedSkew`: the history is read for each. */
  maxSkewExamples: 50,
  /** The default number of examples. */
  defaultSkewExamples: 5,
  /** The newest jobs of each kind among which `lineage` finds uses: each is read from the job store. */
  maxLineageJobs: 200,
  /** Aggregates of `metrics`: each is computed over all predictions of a job. */
  maxMetrics: 50,
  /** Fields that `instances` of a batch prediction includes or excludes: more than a feature store has in a row. */
  maxInstanceFields: 5_000,
  /**
   * Paths of a batch prediction's input. A path may be a folder or a pattern, so more are never needed, and the record of
   * the job holds all.
   */
  maxInputPaths: 1_000,
  /** Bytes of an idempotency key in UTF-8. The job store uses it as a key, and its keys are short. */
  maxIdempotencyKeyBytes: 500,
  /** Instances per batch of a local batch prediction: all of them are in memory at once. */
  maxBatchSize: 10_000,
  /** Replicas of a local batch prediction: each is a thread or a concurrent request. */
  maxReplicas: 64,
  /**
   * Milliseconds for the head and for the body of a request to arrive, 30 seconds together. Without a limit, a client that
   * sends a byte a minute would hold its connection for ever.
   */
  headArrivalTimeoutMs: 10_000,
  bodyArrivalTimeoutMs: 20_000,
  /**
   * Milliseconds for the answer. Clients and proxies stop waiting after 30 to 60 seconds; the stores must not work for
   * them any longer.
   */
  deadlineMs: 30_000,
  /** Milliseconds for a client to take some of an answer. A client that takes nothing holds memory, and a place. */
  stalledReaderMs: 60_000,
  /** Characters of the text of a search: a sentence. Each word is compared with all words of the registry. */
  maxSearchLength: 200,
  /** Characters of a display name. A list of jobs has many. */
  maxDisplayNameLength: 500,
  /** Labels of a job, and the characters of a key and of a value. A list of jobs has them all. */
  maxLabels: 64,
  maxLabelKeyLength: 128,
  maxLabelValueLength: 500,
  /**
   * Characters of any string in a request. Errors repeat an unknown name, under as many aliases as the request has. Longer
   * feature values go to POST /ingest.
   */
  maxStringLength: 65_536,
} as const;

/** A limit as messages format it: 10,000. */
export function formatLimit(limit: number): string {
  return limit.toLocaleString('en-US');
}
