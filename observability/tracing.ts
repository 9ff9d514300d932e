import type { Attributes, Span } from '@opentelemetry/api';
import { setSpanMaker, type SpanOptions } from '../runtime/spans.js';
import { requestScope } from './request-scope.js';

export interface Tracing {
  /** Sends what is left. */
  stop(): Promise<void>;
}

/**
 * Starts OpenTelemetry with the settings of its own variables (`OTEL_*`). Its code is loaded only here. The process and the
 * machine are not described: their attributes would have command lines and paths.
 */
export async function startTracing(): Promise<Tracing> {
  const [{ NodeSDK, resources }, { context, propagation, SpanKind, SpanStatusCode, trace }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/api'),
  ]);
  const sdk = new NodeSDK({
    resource: resources.resourceFromAttributes({ 'service.name': 'featuregraph' }),
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES.
    resourceDetectors: [resources.envDetector],
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const tracer = trace.getTracer('featuregraph');

  const finish = (span: Span, { atEnd }: SpanOptions): void => {
    if (atEnd) span.setAttributes(atEnd());
    span.end();
  };
  const fail = (span: Span, error: unknown): void => {
    // Messages of errors may have values; the log has them under the trace id.
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code === 'string') span.setAttribute('error.type', code);
    span.setStatus({ code: SpanStatusCode.ERROR });
  };

  setSpanMaker({
    inSpan: (name, options, work) => {
      if (requestScope.getStore()?.isUntraced) return work();
      const parent = options.parent ? propagation.extract(context.active(), options.parent) : context.active();
      const kind = options.parent ? SpanKind.SERVER : SpanKind.INTERNAL;
      const attributes = options.attributes as Attributes | undefined;
      return tracer.startActiveSpan(name, { kind, ...(attributes ? { attributes } : {}) }, parent, (span) => {
        try {
          const result = work();
          if (!(result instanceof Promise)) {
            finish(span, options);
            return result;
          }
          return result.then(
            (value: unknown) => {
              finish(span, options);
              return value;
            },
            (error: unknown) => {
              fail(span, error);
              finish(span, options);
              throw error;
            },
          ) as typeof result;
        } catch (error) {
          fail(span, error);
          finish(span, options);
          throw error;
        }
      });
    },
    current: () => {
      const span = trace.getActiveSpan()?.spanContext();
      return span && { traceId: span.traceId, spanId: span.spanId };
    },
  });

  return {
    stop: async () => {
      setSpanMaker(undefined);
      await sdk.shutdown();
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}
