/** The request that a query runs for. */
export interface QueryOrigin {
  readonly tenant?: string | undefined;
  readonly requestId?: string | undefined;
  /**
   * The signal of the request. When it aborts, a read without a signal of its own is cancelled, because its result is
   * not needed.
   */
  readonly signal?: AbortSignal | undefined;
}

/** These labels split a bill: INFORMATION_SCHEMA.JOBS lists them beside the bytes of each job. */
export function jobLabels(operation: string, { tenant, requestId }: QueryOrigin): Record<string, string> {
  return {
    application: 'featuregraph',
    operation: labelValue(operation),
    ...(tenant === undefined ? {} : { tenant: labelValue(tenant) }),
    ...(requestId === undefined ? {} : { request_id: labelValue(requestId) }),
  };
}

/** A label has at most 63 characters: lower-case letters, digits, _ and -. Any other character fails the whole job. */
function labelValue(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '_')
    .slice(0, 63);
}
