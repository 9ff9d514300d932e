/** The fields of the client's errors that this code reads. */
interface ApiFault {
  readonly code?: unknown;
  readonly errors?: readonly { readonly reason?: string }[];
}

/** The API's reason code, e.g. `notFound`. */
export function readErrorReasons(error: unknown): readonly string[] {
  const { errors } = (error ?? {}) as ApiFault;
  return (Array.isArray(errors) ? errors : []).map(({ reason }) => String(reason));
}

export function hasStatus(error: unknown, status: number): boolean {
  return Number(((error ?? {}) as ApiFault).code) === status;
}

/** The API rejected the request permanently; other errors may be transient. */
export function isClientError(error: unknown): boolean {
  const status = Number(((error ?? {}) as ApiFault).code);
  return status >= 400 && status < 500;
}
