import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsServerOptions } from 'node:https';
import type { Principal } from '../auth/principal.js';
import { AppError } from '../errors/app-error.js';
import { ArrivingBodies } from '../limits/arriving-bodies.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { STREAM_LIMITS, type StreamLimits } from '../limits/stream-limits.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { Logger } from '../observability/logger.js';
import { HttpScope, requestScope } from '../observability/request-scope.js';
import { startDeadline } from '../runtime/deadlines.js';
import { inSpan } from '../runtime/spans.js';
import { WorkEnd } from '../runtime/work-end.js';
import { hasOneHost, type IsAllowedHost } from './allowed-hosts.js';
import { admit, type Admittance } from './admit.js';
import { ARRIVAL_OPTIONS, closeIdleConnections, limitArrival } from './arrival.js';
import { answerArrow, ARROW_TRAINING_SET_PATH, isArrowPath } from './arrow/arrow-endpoint.js';
import { allowOrigin } from './cors.js';
import { EventStreams, wantsEvents } from './event-stream.js';
import type { PageExamples } from './example-queries.js';
import { auditFailure } from './end-audit.js';
import { errorFormatter } from './format-error.js';
import { servePage, wantsPage } from './graphiql.js';
import { answerGraphql, type GraphqlEndpointOptions } from './graphql-endpoint.js';
import type { Health } from './health.js';
import { INGEST_PATH, IngestEndpoint, type IngestOptions } from './ingest-endpoint.js';
import { UnsupportedMediaType } from './read-body.js';
import { methodOf, pathOf, reportWhenDone, routeOf } from './report-request.js';
import { resolveRequestId } from './request-id.js';
import { respond, respondError, respondJson } from './respond.js';
import { Subscriptions } from './subscriptions.js';
import { attachWebSockets } from './websocket.js';

export interface HttpServerOptions extends Omit<GraphqlEndpointOptions, 'bodies'>, Admittance {
  readonly health: Health;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly streamLimits?: StreamLimits;
  readonly requestDeadlineMs?: number;
  /** Whether requests have no spans: those of the warm-up. */
  readonly isUntraced?: boolean;
  /** The certificate and its key. Absent: HTTP without TLS. */
  readonly tls?: TlsServerOptions | undefined;
  /** Absent: every host. */
  readonly isAllowedHost?: IsAllowedHost;
  /** Takes rows by `POST /ingest`; absent: the gateway takes none. */
  readonly ingest?: Omit<IngestOptions, 'logger' | 'rates'> | undefined;
  /** The bundled GraphiQL page with its examples for a client; null to serve none. */
  readonly page: { readonly folder: string; readonly examples: (principal: Principal) => Promise<PageExamples> } | null;
}

/** The listening server, and the streams that would delay its end. */
export interface HttpServer {
  readonly server: Server;
  /** Closes sockets and event streams so that their clients connect again, and accepts no new ones. */
  readonly endStreams: () => void;
  /** Closes all remaining connections at once. */
  readonly cutOff: () => void;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { logger, metrics, maxBodyBytes, streamLimits: limits = STREAM_LIMITS } = options;
  const { requestDeadlineMs = REQUEST_LIMITS.deadlineMs, isUntraced = false } = options;
  const formatError = errorFormatter(options);
  const subscriptions = new Subscriptions({ ...options, formatError, limits });
  const bodies = new ArrivingBodies();
  const events = new EventStreams({ subscriptions, limits, maxBodyBytes, bodies });
  const ingest = options.ingest && new IngestEndpoint({ ...options.ingest, logger, rates: options.rates });
  const routes: RouteOptions = { ...options, events, ingest, bodies };
  const listener: RequestListener = (request, response) => {
    const isIngest = INGEST_PATH.test(pathOf(request));
    if (!isIngest) limitArrival(request, response, REQUEST_LIMITS.bodyArrivalTimeoutMs);
    const requestId = resolveRequestId(request);
    response.setHeader('x-request-id', requestId);
    response.setHeader('x-content-type-options', 'nosniff');
    // A body of rows may arrive for hours, and a training set may be read for as long. Both have limits of their own.
    const isLong = isIngest || pathOf(request) === ARROW_TRAINING_SET_PATH;
    const deadlineMs = isLong ? null : requestDeadlineMs;
    const scope = new HttpScope(requestId, endOfRequest(response, deadlineMs), isUntraced);
    requestScope.run(scope, () => {
      reportWhenDone({ logger, metrics }, request, response, requestId);
      const answer = (): Promise<void> =>
        route(routes, request, response, scope).catch((error: unknown) => {
          auditFailure(options.auditLog, scope, error, INGEST_PATH.test(pathOf(request)) ? 'ingest' : undefined);
          fail(logger, error, response, requestId);
        });
      void inSpan('http.request', answer, () => ({
        parent: request.headers,
        attributes: { 'http.request.method': methodOf(request), 'http.route': routeOf(request) },
        atEnd: () => ({ 'http.response.status_code': response.statusCode }),
      }));
    });
  };
  const server = options.tls
    ? createTlsServer({ ...ARRIVAL_OPTIONS, ...options.tls }, listener)
    : createServer(ARRIVAL_OPTIONS, listener);
  closeIdleConnections(server);
  const sockets = attachWebSockets(server, {
    ...options,
    subscriptions,
    formatError,
    limits,
    bodies,
    maxMessageBytes: maxBodyBytes,
  });
  return {
    server,
    endStreams: () => {
      sockets.close();
      events.close();
      ingest?.close();
    },
    cutOff: () => {
      sockets.terminate();
      server.closeAllConnections();
    },
  };
}

/**
 * Ends when the connection closes before the response is sent, because the response is then useless, and at the
 * deadline, because a client has stopped waiting by then. The reads of the request are cancelled in the stores. The events
 * of a stream have scopes of their own, without a deadline.
 */
function endOfRequest(response: ServerResponse, deadlineMs: number | null): WorkEnd {
  const end = new WorkEnd();
  const stop =
    deadlineMs === null
      ? undefined
      : startDeadline(deadlineMs, () => {
          const sentence = `The request took longer than ${deadlineMs / 1000} s. Ask for less.`;
          end.end(new AppError('DEADLINE_EXCEEDED', sentence));
        });
  response.on('close', () => {
    stop?.();
    if (!response.writableFinished) end.end(new AppError('CLIENT_GONE', 'The client went away.'));
  });
  return end;
}

interface RouteOptions extends Omit<HttpServerOptions, 'ingest'> {
  readonly events: EventStreams;
  readonly bodies: ArrivingBodies;
  readonly ingest: IngestEndpoint | undefined;
}

async function route(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
  scope: HttpScope,
): Promise<void> {
  if (!hasOneHost(request)) throw new AppError('BAD_REQUEST', 'Send one Host header.');
  const path = pathOf(request);
  // Probes name the address of a container.
  if (path !== '/healthz' && path !== '/readyz' && options.isAllowedHost?.(request) === false) throw wrongHost();
  if (options.ingest && INGEST_PATH.test(path)) {
    return ingestRows(options.ingest, options, request, response, scope.requestId);
  }
  if (isArrowPath(path)) return arrow(options, path, request, response, scope);
  switch (path) {
    case '/graphql':
      return graphql(options, request, response, scope);
    case '/healthz':
      options.health.live(response);
      return;
    case '/readyz':
      return options.health.ready(response);
    case '/': {
      respond(response, 302, 'text/plain; charset=utf-8', 'See /graphql\n', { location: '/graphql' });
      return;
    }
  }
  if (options.page && path === '/console/examples.json') {
    // The examples have names of the registry and ids of entities.
    const { principal } = await admit(options, request);
    respondJson(response, 200, await options.page.examples(principal));
    return;
  }
  if (options.page && path.startsWith('/console/')) {
    return servePage(options.page.folder, path.slice('/console'.length), response);
  }
  throw new AppError('NOT_FOUND', 'Nothing is here. The API is at /graphql.');
}

async function ingestRows(
  ingest: IngestEndpoint,
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  allowOrigin(request, response, options.corsOrigins);
  if (request.method === 'POST') return ingest.answer(request, response, requestId, await admit(options, request));
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  response.setHeader('allow', 'POST, OPTIONS');
  throw new AppError('METHOD_NOT_ALLOWED', 'Send rows by POST.');
}

async function graphql(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
  scope: HttpScope,
): Promise<void> {
  allowOrigin(request, response, options.corsOrigins);
  switch (request.method) {
    case 'OPTIONS':
      response.writeHead(204).end();
      return;
    case 'GET':
    case 'HEAD':
      if (options.page && wantsPage(request)) return servePage(options.page.folder, '/index.html', response);
      if (wantsEvents(request)) {
        response.setHeader('allow', 'POST');
        // A page of another site could open a stream without a preflight and hold it open.
        throw new AppError('METHOD_NOT_ALLOWED', 'Ask for an event stream by POST.');
      }
      return answerGraphql(options, request, response, scope, await admit(options, request));
    case 'POST':
      if (wantsEvents(request)) {
        return options.events.answer(request, response, scope.requestId, await admit(options, request));
      }
      return answerGraphql(options, request, response, scope, await admit(options, request));
    default:
      response.setHeader('allow', 'GET, HEAD, POST, OPTIONS');
      throw new AppError('METHOD_NOT_ALLOWED', 'Send GraphQL by POST, or a query by GET.');
  }
}

async function arrow(
  options: RouteOptions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  scope: HttpScope,
): Promise<void> {
  allowOrigin(request, response, options.corsOrigins);
  if (request.method === 'POST') {
    return answerArrow(options, path, request, response, scope, await admit(options, request));
  }
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  response.setHeader('allow', 'POST, OPTIONS');
  throw new AppError('METHOD_NOT_ALLOWED', 'Ask for an Arrow stream by POST.');
}

function wrongHost(): AppError {
  return new AppError(
    'HOST_NOT_ALLOWED',
    'The gateway is not reached under this host name. Use localhost, or add the name to FEATUREGRAPH_ALLOWED_HOSTS.',
  );
}

function fail(logger: Logger, error: unknown, response: ServerResponse, requestId: string): void {
  if (response.headersSent || response.destroyed) {
    // The client disconnected, or the response failed in the middle: no further message can be sent.
    logger.debug({ err: error }, 'an answer was not finished');
    response.destroy();
    return;
  }
  // An unread body would be parsed as the next request.
  response.setHeader('connection', 'close');
  if (error instanceof AppError) {
    if (error.cause === undefined) logger.warn({ codes: [error.code] }, 'refused');
    else logger.error({ err: error }, 'refused');
    const status = error instanceof UnsupportedMediaType ? error.httpStatus : undefined;
    respondError(response, error, requestId, {}, status);
    return;
  }
  logger.error({ err: error }, 'a request failed');
  respondError(response, new AppError('INTERNAL_SERVER_ERROR', 'The gateway failed to answer this.'), requestId);
}
