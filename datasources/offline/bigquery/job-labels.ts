/** Whom a query is made for. */
export interface QueryOrigin {
  readonly tenant?: string | undefined;
  readonly requestId?: string | undefined;
  /** When it aborts, a read that has no signal of its own is cancelled: nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

/** By these a bill is split: they stand beside the bytes of each job in INFORMATION_SCHEMA.JOBS. */
export function jobLabels(operation: string, { tenant, requestId }: QueryOrigin): Record<string, string> {
  return {
    application: 'featuregraph',
    operation: labelValue(operation),
    ...(tenant === undefined ? {} : { tenant: labelValue(tenant) }),
    ...(requestId === undefined ? {} : { request_id: labelValue(requestId) }),
  };
}

/** A label has at most 63 lower-case letters, digits, _ and -; one with anything else fails the whole job. */
function labelValue(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '_')
    .slice(0, 63);
}
