/** The part of the client's errors that is read here. */
interface ApiFault {
  readonly code?: unknown;
  readonly errors?: readonly { readonly reason?: string }[];
}

/** The words of the API for what went wrong, e.g. `notFound`. */
export function readErrorReasons(error: unknown): readonly string[] {
  const { errors } = (error ?? {}) as ApiFault;
  return (Array.isArray(errors) ? errors : []).map(({ reason }) => String(reason));
}

export function hasStatus(error: unknown, status: number): boolean {
  return Number(((error ?? {}) as ApiFault).code) === status;
}

/** The API understood the request and will not do it; anything else may be different the next time. */
export function isClientError(error: unknown): boolean {
  const status = Number(((error ?? {}) as ApiFault).code);
  return status >= 400 && status < 500;
}
