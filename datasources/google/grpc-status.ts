/**
 * The gRPC status codes that this code uses. They are defined here, because @grpc/grpc-js is loaded only where code
 * calls Google.
 */
export const GRPC_STATUS = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The status codes of transient errors. */
export const TRANSIENT_CODES: readonly number[] = [
  GRPC_STATUS.DEADLINE_EXCEEDED,
  GRPC_STATUS.RESOURCE_EXHAUSTED,
  GRPC_STATUS.ABORTED,
  GRPC_STATUS.UNAVAILABLE,
];

/** The gRPC status code of an error; undefined when it is not a gRPC error. */
export function readGrpcCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

export function isTransient(error: unknown): boolean {
  const code = readGrpcCode(error);
  return code !== undefined && TRANSIENT_CODES.includes(code);
}

/** Converts a failure inside a response (the status of some keys of a stream) to an error like that of a call. */
export class GrpcStatusError extends Error {
  override readonly name = 'GrpcStatusError';

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}
