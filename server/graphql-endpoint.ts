import { HeaderMap } from '@apollo/server';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditTrail } from '../auth/audit/audit-trail.js';
import type { Session } from '../auth/session.js';
import { AppError } from '../errors/app-error.js';
import { checkDocumentNesting } from '../limits/nesting.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import type { WorkInFlight } from '../limits/work-in-flight.js';
import type { RequestScope } from '../observability/request-scope.js';
import type { RequestContext } from '../resolvers/context.js';
import { ownerOf } from './admit.js';
import { isSafeGet } from './cross-site.js';
import type { CurrentRuntime, Runtime } from './current-runtime.js';
import { endAudit } from './end-audit.js';
import { laneRequest, urlParameters, type RequestParameters } from './hot-lane/lane-request.js';
import type { WrittenAnswer } from './hot-lane/hot-lane.js';
import { ignoreQueryHash, ignoreQueryHashInUrl } from './persisted-query.js';
import { readJsonBody } from './read-body.js';
import { checkUrlVariables } from './request-json.js';
import type { Place } from './run-operation.js';

export interface GraphqlEndpointOptions {
  readonly runtime: CurrentRuntime;
  readonly maxBodyBytes: number;
  readonly work: WorkInFlight;
  /** Pages of these origins may call the API. */
  readonly corsOrigins: readonly string[];
}

/** A request whose body has arrived. */
interface Received {
  readonly request: IncomingMessage;
  readonly method: 'GET' | 'POST';
  /** Absent for GET. */
  readonly body: unknown;
  readonly search: string;
  readonly parameters: URLSearchParams;
  /** No page of another site can have caused it: a body is JSON, which a browser sends only after a preflight. */
  readonly isSafe: boolean;
}

type Answer = (makeContext: () => RequestContext, place: Place) => Promise<WrittenAnswer>;

/**
 * GraphQL over HTTP, without a web framework: express halves the throughput (bench/http) and would only read the body here.
 * The hot lane answers the queries that it knows, and Apollo all other requests.
 */
export async function answerGraphql(
  { runtime, maxBodyBytes, corsOrigins, work }: GraphqlEndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { requestId, signal }: RequestScope,
  { principal }: Session,
): Promise<void> {
  const received = await receive(request, maxBodyBytes, corsOrigins);
  const place: Place = { owner: ownerOf(principal, request.socket.remoteAddress), signal };
  const lease = runtime.acquire();
  let audit: AuditTrail | undefined;
  const makeContext = (): RequestContext => {
    const context = lease.createContext(requestId, principal);
    audit = context.audit;
    return context;
  };
  let answer: WrittenAnswer;
  try {
    const answerIt = chooseAnswer(lease, received);
    // The place is free again when the client has the answer: an answer that nobody reads takes memory.
    response.once('close', () => place.leave?.());
    answer = await answerIt(makeContext, place);
  } finally {
    lease.release();
  }
  const bytes = Buffer.byteLength(answer.text);
  if (audit) endAudit(audit, place.operation, bytes);
  response.once('close', work.holdAnswer(bytes));
  response.setTimeout(REQUEST_LIMITS.stalledReaderMs, () => response.destroy());
  response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes, 'cache-control': 'no-store' });
  response.end(answer.text);
}

async function receive(
  request: IncomingMessage,
  maxBodyBytes: number,
  corsOrigins: readonly string[],
): Promise<Received> {
  // HEAD is GET without the body of the answer, which Node leaves out.
  const method = request.method === 'POST' ? 'POST' : 'GET';
  const body = method === 'POST' ? refuseBatch(await readJsonBody(request, maxBodyBytes)) : undefined;
  const search = readQueryString(request);
  const isSafe = method === 'POST' || isSafeGet(request, corsOrigins);
  return { request, method, body, search, parameters: new URLSearchParams(search), isSafe };
}

/** The one place that decides which way a request goes. Refuses what Apollo would not. */
function chooseAnswer({ hotLane, apollo, schema }: Runtime, received: Received): Answer {
  const { request, method, body, parameters, isSafe } = received;
  const given = method === 'POST' ? (body as RequestParameters | null) : urlParameters(request, parameters);
  const usual = hotLane && isSafe && given ? laneRequest(request, given) : undefined;
  const known = usual && hotLane?.find(usual);
  const query = method === 'POST' ? given?.query : parameters.get('query');
  if (typeof query === 'string') {
    if (!known) checkDocumentNesting(query);
    if (method !== 'POST') checkUrlVariables(schema, query, parameters.get('variables') ?? '');
  }
  const answerKnown = known && hotLane?.answerer(known, usual);
  return answerKnown ?? ((makeContext, place) => askApollo(apollo, received, makeContext, place));
}

async function askApollo(
  apollo: Runtime['apollo'],
  { request, method, body, search, parameters, isSafe }: Received,
  makeContext: () => RequestContext,
  place: Place,
): Promise<WrittenAnswer> {
  const headers = headerMap(request);
  if (isSafe && method === 'GET') headers.set('apollo-require-preflight', 'not needed');
  const answer = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method,
      headers,
      search: ignoreQueryHashInUrl(search, parameters),
      body: ignoreQueryHash(body),
    },
    context: async () => ({ ...makeContext(), place }),
  });
  if (answer.body.kind !== 'complete') throw new Error('incremental delivery is not enabled');
  return { status: answer.status ?? 200, headers: Object.fromEntries(answer.headers), text: answer.body.string };
}

/** Apollo would also accept an array as a batch. One request must be one operation, whose cost is checked. */
function refuseBatch(body: unknown): unknown {
  if (Array.isArray(body)) throw new AppError('BAD_REQUEST', 'Send one operation a request, not an array of them.');
  return body;
}

function headerMap(request: IncomingMessage): HeaderMap {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

function readQueryString(request: IncomingMessage): string {
  const url = request.url ?? '';
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
