/** What fits into one request and one point-in-time query: a query of this size takes about a second (bench/point-in-time). */
const MAX_INLINE = 10_000;

/**
 * The most that one request may ask for. Each limit says what it guards; docs/limits.md is the table for users.
 */
export const REQUEST_LIMITS = {
  /** Entity ids of `entities`, `featureMatrix` and the typed lists. */
  maxEntityIds: MAX_INLINE,
  /** Labels written into a request. More come in a file or a table. */
  maxLabelRows: MAX_INLINE,
  /** Labels of a preview, which runs while the client waits. A job takes more. */
  maxPreviewLabels: MAX_INLINE,
  /** Rows of a file that `validateTrainingSet` checks while the client waits: a few seconds, and about 1 GB of memory. */
  maxValidatedRows: 1_000_000,
  /** Ids of `nodes`: it refreshes a page, and reads no features. */
  maxNodeIds: 100,
  /** Items of a page, which people read; who wants more takes the next page, or a table. */
  maxPageSize: 100,
  /** Items of a page when the client gives no number. */
  defaultPageSize: 20,
  /** Items of a page of small items, e.g. features or the values of a history, when the client gives no number. */
  defaultLongPageSize: 100,
  /** Aggregates of `metrics`: each is computed over all predictions of a job. */
  maxMetrics: 50,
  /** Bytes of an idempotency key in UTF-8: it is a key of the job store, whose keys are short. */
  maxIdempotencyKeyBytes: 500,
  /** Instances of a batch of a local batch prediction: all of them are in memory at once. */
  maxBatchSize: 10_000,
  /** Replicas of a local batch prediction: each is a thread, or a request in flight. */
  maxReplicas: 64,
  /** Milliseconds for a request to arrive: a socket that sends a byte a minute must not hold a place for ever. */
  arrivalTimeoutMs: 30_000,
} as const;

/** A limit as sentences write it: 10,000. */
export function formatLimit(limit: number): string {
  return limit.toLocaleString('en-US');
}
