import { HeaderMap } from '@apollo/server';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditTrail } from '../auth/audit/audit-trail.js';
import type { Session } from '../auth/session.js';
import { AppError } from '../errors/app-error.js';
import { checkDocumentNesting } from '../limits/nesting.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import type { WorkInFlight } from '../limits/work-in-flight.js';
import { ownerOf } from './admit.js';
import type { CurrentRuntime } from './current-runtime.js';
import { endAudit } from './end-audit.js';
import { isSafeGet } from './cross-site.js';
import type { Place } from './execution-plugin.js';
import { ignoreQueryHash, ignoreQueryHashInUrl } from './persisted-query.js';
import { readJsonBody } from './read-body.js';
import type { RequestScope } from '../observability/request-scope.js';
import { checkUrlVariables } from './request-json.js';

export interface GraphqlEndpointOptions {
  readonly runtime: CurrentRuntime;
  readonly maxBodyBytes: number;
  readonly work: WorkInFlight;
  /** Pages of these origins may call the API. */
  readonly corsOrigins: readonly string[];
}

/**
 * GraphQL over HTTP. Apollo is called without a web framework: express halves the throughput (bench/http) and would
 * only read the body here.
 */
export async function answerGraphql(
  { runtime, maxBodyBytes, corsOrigins, work }: GraphqlEndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { requestId, signal }: RequestScope,
  { principal }: Session,
): Promise<void> {
  // HEAD is GET without the body of the answer, which Node leaves out.
  const method = request.method === 'POST' ? 'POST' : 'GET';
  const body = method === 'POST' ? refuseBatch(await readJsonBody(request, maxBodyBytes)) : undefined;
  const search = readQueryString(request);
  const parameters = new URLSearchParams(search);
  const query = method === 'POST' ? (body as { query?: unknown } | null)?.query : parameters.get('query');
  if (typeof query === 'string') {
    checkDocumentNesting(query);
    if (method !== 'POST') checkUrlVariables(runtime.schema, query, parameters.get('variables') ?? '');
  }
  const headers = headerMap(request);
  if (isSafeGet(request, corsOrigins)) headers.set('apollo-require-preflight', 'not needed');
  const place: Place = { owner: ownerOf(principal, request.socket.remoteAddress), signal };
  // The place is free again when the client has the answer: an answer that nobody reads takes memory.
  response.once('close', () => place.leave?.());
  const lease = runtime.acquire();
  let audit: AuditTrail | undefined;
  const answer = await lease.apollo
    .executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method,
        headers,
        search: ignoreQueryHashInUrl(search, parameters),
        body: ignoreQueryHash(body),
      },
      context: async () => {
        const context = lease.createContext(requestId, principal);
        audit = context.audit;
        return { ...context, place };
      },
    })
    .finally(lease.release);
  if (answer.body.kind !== 'complete') throw new Error('incremental delivery is not enabled');
  const bytes = Buffer.byteLength(answer.body.string);
  if (audit) endAudit(audit, place.operation, bytes);
  response.once('close', work.holdAnswer(bytes));
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  response.setHeader('content-length', bytes);
  response.setTimeout(REQUEST_LIMITS.stalledReaderMs, () => response.destroy());
  response.setHeader('cache-control', 'no-store');
  response.writeHead(answer.status ?? 200);
  response.end(answer.body.string);
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
