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

/** The API rejected the request itself: the gateway has a bug, or a table changed. A retry would not help. */
const FAULTS_OF_THE_REQUEST = ['invalidQuery', 'invalid'];

/** A role, a table or an account is missing: the operator must act before the same request can succeed. */
const FAULTS_OF_THE_OPERATOR = ['accessDenied', 'notFound', 'billingNotEnabled'];

const LASTING_FAULTS = [...FAULTS_OF_THE_REQUEST, ...FAULTS_OF_THE_OPERATOR];

/** Whether a repetition of the request would fail in the same way. */
export function isLasting(error: unknown): boolean {
  return readErrorReasons(error).some((reason) => LASTING_FAULTS.includes(reason));
}
