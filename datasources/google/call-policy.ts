import pRetry from 'p-retry';
import { GRPC_STATUS, GrpcStatusError, isTransient } from './grpc-status.js';

/**
 * How long a call may take and how often it is tried. Set at every call, because the clients of Vertex AI retry nothing
 * on their own (each of their methods is configured as not idempotent) and give a call 60 seconds, far more than a
 * reader of features waits.
 */
export interface CallPolicy {
  readonly attemptMs: number;
  /** Of all attempts and the pauses between them. */
  readonly totalMs: number;
  readonly retries: number;
  /** Before the first retry; doubled, with jitter, for each after it. */
  readonly pauseMs: number;
}

/** Online reads answer in milliseconds or not at all. */
export const READ_POLICY: CallPolicy = { attemptMs: 1_000, totalMs: 3_000, retries: 3, pauseMs: 20 };
/** A write is worth waiting for: its caller has nothing else to do with the values. */
export const WRITE_POLICY: CallPolicy = { attemptMs: 10_000, totalMs: 30_000, retries: 4, pauseMs: 100 };
/** Descriptions of resources: at start, in doctor and migrate. */
export const ADMIN_POLICY: CallPolicy = { attemptMs: 15_000, totalMs: 60_000, retries: 4, pauseMs: 250 };

/** When something that begins now must end, on the clock of performance.now(). */
export function toDeadline({ totalMs }: CallPolicy): number {
  return performance.now() + totalMs;
}

/**
 * Tries again what may succeed later. `attempt` is given the milliseconds it has. Only for what may be done twice. `end` is
 * that of a whole of which this call is one of many: a hundred calls one after another, each in time, are late together.
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
