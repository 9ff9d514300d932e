/** What a span says of its work: names of the registry, kinds and numbers; never values, ids or texts of clients. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  readonly attributes?: SpanAttributes;
  /** The headers of a request, which may name the trace of its client. */
  readonly parent?: Readonly<Record<string, unknown>>;
  /** What is known only at the end. */
  readonly atEnd?: () => SpanAttributes;
}

/** What makes spans (observability/tracing.ts). */
export interface SpanMaker {
  inSpan<Result>(name: string, options: SpanOptions, work: () => Result): Result;
  /** The trace that the current code runs in. */
  current(): { readonly traceId: string; readonly spanId: string } | undefined;
}

let maker: SpanMaker | undefined;

/** Turns spans on, or off. There is one tracer in a process, as there is one in OpenTelemetry. */
export function setSpanMaker(next: SpanMaker | undefined): void {
  maker = next;
}

/** Runs work in a span. Without tracing it only runs the work; the options are not even made. */
export function inSpan<Result>(name: string, work: () => Result, options?: () => SpanOptions): Result {
  return maker === undefined ? work() : maker.inSpan(name, options?.() ?? {}, work);
}

export function currentTrace(): { readonly traceId: string; readonly spanId: string } | undefined {
  return maker?.current();
}
