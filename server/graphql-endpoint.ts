import { HeaderMap } from '@apollo/server';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditTrail } from '../auth/audit/audit-trail.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { Session } from '../auth/session.js';
import { AppError } from '../errors/app-error.js';
import type { ArrivingBodies } from '../limits/arriving-bodies.js';
import { checkDocumentNesting } from '../limits/nesting.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import type { WorkInFlight } from '../limits/work-in-flight.js';
import type { HttpScope } from '../observability/request-scope.js';
import type { RequestContext } from '../resolvers/context.js';
import { ownerOf } from './admit.js';
import { SHOW_COST } from './cost-headers.js';
import { isSafeGet } from './cross-site.js';
import type { CurrentRuntime, Runtime } from './current-runtime.js';
import { auditRefusal, endAudit, type RefusalLog } from './end-audit.js';
import { laneRequest, urlParameters, type RequestParameters } from './hot-lane/lane-request.js';
import type { WrittenAnswer } from './hot-lane/hot-lane.js';
import { ignoreQueryHash, ignoreQueryHashInUrl } from './persisted-query.js';
import { readJsonBody } from './read-body.js';
import { checkUrlVariables } from './request-json.js';
import type { Place } from './run-operation.js';
import {
  namedInBody,
  namedInUrl,
  type NamedParameters,
  type SentParameters,
} from './trusted-documents/request-document.js';

export interface GraphqlEndpointOptions {
  readonly runtime: CurrentRuntime;
  readonly maxBodyBytes: number;
  readonly work: WorkInFlight;
  readonly bodies: ArrivingBodies;
  readonly authenticator: Authenticator;
  /** Pages of these origins may call the API. */
  readonly corsOrigins: readonly string[];
  /** Gets the operations that do not run. Absent or null: there is no audit log. */
  readonly auditLog?: RefusalLog | null;
}

/** A request whose body has arrived. */
interface Arrived {
  readonly request: IncomingMessage;
  readonly method: 'GET' | 'POST';
  /** No page of another site can have caused it: a body is JSON, which a browser sends only after a preflight. */
  readonly isSafe: boolean;
}

interface Sent extends Arrived, SentParameters {}

interface Received extends Arrived, NamedParameters {}

type Answer = (makeContext: () => RequestContext, place: Place) => Promise<WrittenAnswer>;

/**
 * GraphQL over HTTP, without a web framework: express halves the throughput (bench/http) and would only read the body here.
 * The hot lane answers the queries that it knows, and Apollo all other requests.
 */
export async function answerGraphql(
  {
    authenticator: { identifyingHeaders },
    runtime,
    maxBodyBytes,
    corsOrigins,
    work,
    auditLog,
    bodies,
  }: GraphqlEndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { requestId, end }: HttpScope,
  { principal }: Session,
): Promise<void> {
  const owner = ownerOf(principal, request.socket.remoteAddress);
  const sent = await receive(request, corsOrigins, () => readJsonBody(request, maxBodyBytes, bodies.open(owner)));
  // What an answer costs is no part of its tag.
  const isTagged = sent.method === 'GET' && request.headers[SHOW_COST] === undefined;
  const place: Place = {
    owner,
    end,
    ...(isTagged ? { revalidation: { ifNoneMatch: request.headers['if-none-match'] } } : {}),
  };
  const lease = runtime.acquire();
  const current = lease.runtime;
  let audit: AuditTrail | undefined;
  const makeContext = (): RequestContext => {
    const context = current.createContext(requestId, principal);
    audit = context.audit;
    return context;
  };
  let answer: WrittenAnswer;
  let document: string | null;
  try {
    const received = nameDocument(current, sent);
    document = queryOf(received);
    place.documentId = received.documentId;
    const answerIt = chooseAnswer(current, received);
    // The place is free again when the client has the answer: an answer that is not read takes memory.
    response.on('close', () => place.leave?.());
    answer = await answerIt(makeContext, place);
  } finally {
    lease.release();
  }
  const bytes = answer.status === 304 ? 0 : sizeOf(answer.body);
  if (audit) endAudit(audit, place.operation, bytes);
  if (auditLog && !place.operation) {
    // Apollo refuses some requests before it makes a context, such as one without a document.
    const { code = 'BAD_REQUEST', type } = place.refusal ?? {};
    auditRefusal(auditLog, { principal: principal.name, requestId, code, type, document });
  }
  response.on('close', work.holdAnswer(typeof answer.body === 'string' ? bytes : answer.body.memory));
  const headers = headersOf(answer, identifyingHeaders);
  if (answer.status === 304) response.writeHead(304, headers).end();
  else {
    response.writeHead(answer.status, { ...headers, 'content-length': bytes });
    endWith(response, answer.body, bytes);
  }
  // The system took most answers at once: a timer of the socket for each of them would take long.
  if (response.writableLength > 0) response.setTimeout(REQUEST_LIMITS.stalledReaderMs, () => response.destroy());
}

type Body = WrittenAnswer['body'];

function sizeOf(body: Body): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}

function endWith(response: ServerResponse, body: Body, bytes: number): void {
  if (typeof body !== 'string') {
    for (const piece of body.pieces) response.write(piece);
    // Not at "close": a socket that breaks off may still have the memory.
    response.end().once('finish', body.release);
    return;
  }
  // A text in ASCII has the same bytes in Latin-1, which Node writes in half the time.
  const encoding = bytes === body.length ? 'latin1' : 'utf8';
  // Node copies a long text twice before it is sent, and a buffer never.
  if (bytes > MAX_TEXT_BYTES) response.end(Buffer.from(body, encoding));
  else response.end(body, encoding);
}

/** A cache keeps an answer with a tag for the principal that asked, and in the media type that it asked for. */
function headersOf(
  { status, headers, body }: WrittenAnswer,
  identifyingHeaders: readonly string[],
): Readonly<Record<string, string>> {
  const { etag } = headers;
  // Most answers have none.
  if (etag === undefined) return { ...headers, 'cache-control': 'no-store' };
  const { etag: _, 'content-type': contentType = '', ...others } = headers;
  // An answer that is too large becomes an error after it got its tag.
  const isTagged = status === 304 || !hasErrors(body);
  return {
    ...(status === 304 ? {} : { 'content-type': contentType }),
    ...others,
    ...(isTagged ? { etag, vary: ['origin', 'accept', ...identifyingHeaders].join(', ') } : {}),
    ...(isTagged ? {} : { 'cache-control': 'no-store' }),
  };
}

function hasErrors(body: Body): boolean {
  const start = '{"errors":';
  return (typeof body === 'string' ? body : body.pieces[0]!.toString('latin1', 0, start.length)).startsWith(start);
}

/** Node writes a text up to this length without memory of its own. */
const MAX_TEXT_BYTES = 131_072;

const NO_PARAMETERS = new URLSearchParams();

async function receive(
  request: IncomingMessage,
  corsOrigins: readonly string[],
  readBody: () => Promise<unknown>,
): Promise<Sent> {
  // HEAD is GET without the body of the answer, which Node leaves out.
  const method = request.method === 'POST' ? 'POST' : 'GET';
  const body = method === 'POST' ? refuseBatch(await readBody()) : undefined;
  const search = readQueryString(request);
  const isSafe = method === 'POST' || isSafeGet(request, corsOrigins);
  const parameters = search === '' ? NO_PARAMETERS : new URLSearchParams(search);
  return { request, method, body, search, parameters, isSafe };
}

function nameDocument({ trustedDocuments }: Runtime, sent: Sent): Received {
  const name = sent.method === 'POST' ? namedInBody : namedInUrl;
  return { ...sent, ...name(trustedDocuments, sent) };
}

/** The one place that decides which way a request goes. Refuses what Apollo would not. */
function chooseAnswer({ hotLane, apollo, schema }: Runtime, received: Received): Answer {
  const { request, method, body, parameters, isSafe } = received;
  const given = method === 'POST' ? (body as RequestParameters | null) : urlParameters(request, parameters);
  const usual = hotLane && isSafe && given ? laneRequest(request, given) : undefined;
  const known = usual && hotLane?.find(usual);
  const query = queryOf(received);
  if (query !== null) {
    if (!known) checkDocumentNesting(query);
    if (method !== 'POST') checkUrlVariables(schema, query, parameters.get('variables') ?? '');
  }
  const answerKnown = known && hotLane?.answerer(known, usual);
  return answerKnown ?? ((makeContext, place) => askApollo(apollo, received, makeContext, place));
}

/** The text of the document; null if the request has none. */
function queryOf({ method, body, parameters }: Sent): string | null {
  const query = method === 'POST' ? (body as RequestParameters | null)?.query : parameters.get('query');
  return typeof query === 'string' ? query : null;
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
    context: async () => Object.assign(makeContext(), { place }),
  });
  if (answer.body.kind !== 'complete') throw new Error('incremental delivery is not enabled');
  return { status: answer.status ?? 200, headers: Object.fromEntries(answer.headers), body: answer.body.string };
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
