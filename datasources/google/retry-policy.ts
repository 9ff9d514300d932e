import pRetry from 'p-retry';
import { GRPC_STATUS, GrpcStatusError, isTransient } from './grpc-status.js';

/**
 * The deadline and the retries of a call. Every call sets them, because the clients of Vertex AI retry nothing by
 * themselves (each method is configured as not idempotent) and allow 60 seconds for a call, far more than a reader of
 * features waits.
 */
export interface CallPolicy {
  readonly attemptMs: number;
  /** The total time of all attempts and pauses. */
  readonly totalMs: number;
  readonly retries: number;
  /** The pause before the first retry; it doubles with jitter for each later one. */
  readonly pauseMs: number;
}

/** Online reads return in milliseconds or fail. */
export const READ_POLICY: CallPolicy = { attemptMs: 1_000, totalMs: 3_000, retries: 3, pauseMs: 20 };
/** A write may take longer: its caller needs nothing else from the values. */
export const WRITE_POLICY: CallPolicy = { attemptMs: 10_000, totalMs: 30_000, retries: 4, pauseMs: 100 };
/** Descriptions of resources: at start, in doctor and in migrate. */
export const ADMIN_POLICY: CallPolicy = { attemptMs: 15_000, totalMs: 60_000, retries: 4, pauseMs: 250 };

/** The deadline of an operation that begins now, on the clock of performance.now(). */
export function toDeadline({ totalMs }: CallPolicy): number {
  return performance.now() + totalMs;
}

/**
 * Retries transient failures. `attempt` receives its time limit in milliseconds. Use it only for idempotent calls.
 * `end` is the deadline of an operation with many calls: a hundred sequential calls, each within its limit, can exceed
 * it together.
 */
export async function withRetry<T>(
  policy: CallPolicy,
  attempt: (timeoutMs: number) => Promise<T>,
  end = toDeadline(policy),
): Promise<T> {
  const left = (): number => end - performance.now();
  return pRetry(
    async () => {
      if (left() <= 0) throw new GrpcStatusError(GRPC_STATUS.DEADLINE_EXCEEDED, 'no time was left for another call');
      return attempt(Math.max(1, Math.min(policy.attemptMs, left())));
    },
    {
      retries: policy.retries,
      minTimeout: policy.pauseMs,
      maxRetryTime: Math.max(0, left()),
      randomize: true,
      shouldRetry: ({ error }) => isTransient(error),
    },
  );
}
