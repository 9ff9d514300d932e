import pRetry from 'p-retry';
import { AppError } from '../../../errors/app-error.js';

/** The gRPC status codes that are looked at here. */
export const GRPC_STATUS = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

const TRANSIENT = new Set<unknown>([
  GRPC_STATUS.DEADLINE_EXCEEDED,
  GRPC_STATUS.RESOURCE_EXHAUSTED,
  GRPC_STATUS.ABORTED,
  GRPC_STATUS.UNAVAILABLE,
]);

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

/** The gRPC status code of an error; undefined when it is none of gRPC. */
export function readGrpcCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(readGrpcCode(error));
}

/** A failure that came inside an answer (a status for some of the keys of a stream), as the error of a call has it. */
export class GrpcStatusError extends Error {
  override readonly name = 'GrpcStatusError';

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * What a caller of a store is told. What may pass is STORE_UNAVAILABLE. Anything else (a permission, a name, a quota of
 * the wrong project) is the operator's to mend: it goes on as it is, is masked for clients, and logged with its cause.
 */
export function toStoreError(featurestore: string, error: unknown): Error {
  if (error instanceof AppError || !isTransient(error)) return error as Error;
  return new AppError(
    'STORE_UNAVAILABLE',
    `The online store of featurestore "${featurestore}" did not answer. Try again.`,
    {},
    { cause: error },
  );
}
