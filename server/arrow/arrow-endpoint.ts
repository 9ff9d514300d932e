import { RecordBatchStreamWriter, type RecordBatch } from 'apache-arrow';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { once } from 'node:events';
import type { Session } from '../../auth/session.js';
import { AppError, badInput } from '../../errors/app-error.js';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import type { HttpScope } from '../../observability/request-scope.js';
import { accepts, acceptedTypes } from '../accepted-types.js';
import { ownerOf } from '../admit.js';
import { endAudit } from '../end-audit.js';
import type { GraphqlEndpointOptions } from '../graphql-endpoint.js';
import { readJsonBody } from '../read-body.js';
import { respondJson } from '../respond.js';
import type { Place } from '../run-operation.js';
import type { RequestContext } from '../../resolvers/context.js';
import { answerMatrix } from './arrow-matrix.js';
import { answerTrainingSet } from './arrow-training-set.js';
import type { ArrowAnswer, ArrowOptions } from './run-arrow.js';

export const ARROW_MATRIX_PATH = '/arrow/featureMatrix';
export const ARROW_TRAINING_SET_PATH = '/arrow/trainingSet';

const MEDIA_TYPE = 'application/vnd.apache.arrow.stream';
/** RFC 9110 has no such range, and clients of Arrow send it. */
const ARROW_RANGE = 'application/vnd.apache.arrow.*';

type Variables = Readonly<Record<string, unknown>>;

interface ArrowRoute {
  /** The members of the body. */
  readonly known: readonly string[];
  readonly ask: (
    body: Variables,
  ) => (arrow: ArrowOptions, context: RequestContext, place: Place) => Promise<ArrowAnswer>;
}

const ARGUMENTS = [
  'featurestore',
  'entityType',
  'entityIds',
  'names',
  'asOf',
  'knownAt',
  'strictlyBefore',
  'includeExpired',
];
const COLUMNS = ['withStatuses', 'withTimestamps'];

/** By the path, which a request sends its arguments to as JSON. */
const ROUTES: ReadonlyMap<string, ArrowRoute> = new Map([
  [
    ARROW_MATRIX_PATH,
    {
      known: [...ARGUMENTS, ...COLUMNS],
      ask: (body) => {
        const [withStatuses, withTimestamps] = COLUMNS.map((name) => readFlag(body[name], name)) as [boolean, boolean];
        const variables = Object.fromEntries(Object.entries(body).filter(([name]) => ARGUMENTS.includes(name)));
        return (...of) => answerMatrix({ withStatuses, withTimestamps }, variables, ...of);
      },
    },
  ],
  [
    ARROW_TRAINING_SET_PATH,
    {
      known: ['id'],
      ask:
        (body) =>
        (...of) =>
          answerTrainingSet(body, ...of),
    },
  ],
]);

export function isArrowPath(path: string): boolean {
  return ROUTES.has(path);
}

/** The arguments of a query as JSON in, an Arrow stream out. `path` is one of those of isArrowPath. */
export async function answerArrow(
  { runtime, maxBodyBytes, work, bodies }: GraphqlEndpointOptions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  { requestId, end }: HttpScope,
  { principal }: Session,
): Promise<void> {
  checkAccept(request);
  const owner = ownerOf(principal, request.socket.remoteAddress);
  const { known, ask } = ROUTES.get(path)!;
  const asked = ask(readArguments(await readJsonBody(request, maxBodyBytes, bodies.open(owner)), known));
  const place: Place = { owner, end };
  const lease = runtime.acquire();
  try {
    // A client names what it reads itself, as in a document that is not trusted.
    lease.runtime.trustedDocuments.checkOthers();
    // The place is free again when the client has the answer: an answer that is not read takes memory.
    response.on('close', () => place.leave?.());
    const context = lease.runtime.createContext(requestId, principal);
    const { status, headers, errors, stream } = await asked(lease.runtime.arrow, context, place);
    response.setHeader('cache-control', 'no-store');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!stream) {
      endAudit(context.audit, place.operation, 0);
      respondJson(response, status, { errors });
      return;
    }
    try {
      endAudit(context.audit, place.operation, stream.bytes);
      response.on('close', work.holdAnswer(stream.bytes));
      response.writeHead(200, { 'content-type': MEDIA_TYPE });
      await send(stream.batches, response);
    } finally {
      await stream.close?.();
    }
  } finally {
    lease.release();
  }
}

/** Makes and writes the next batch when the client has taken what was written. */
async function send(batches: AsyncIterable<RecordBatch>, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  // A failure ends the iteration of the last stream; the callback has nothing to add.
  const source = Readable.from(batches, { highWaterMark: 1 });
  const chunks = pipeline(source, RecordBatchStreamWriter.throughNode(), () => undefined);
  for await (const chunk of chunks) {
    if (response.write(chunk)) continue;
    const stalled = AbortSignal.timeout(REQUEST_LIMITS.stalledReaderMs);
    await once(response, 'drain', { signal: AbortSignal.any([gone.signal, stalled]) });
  }
  response.end();
}

function checkAccept(request: IncomingMessage): void {
  if (accepts(request, MEDIA_TYPE) || acceptedTypes(request).includes(ARROW_RANGE)) return;
  throw new AppError('BAD_REQUEST', `The answer is an Arrow stream. Send "Accept: ${MEDIA_TYPE}".`);
}

function readArguments(body: unknown, known: readonly string[]): Variables {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('BAD_REQUEST', 'Send the arguments as one JSON object.');
  }
  for (const name of Object.keys(body)) {
    if (known.includes(name)) continue;
    throw new AppError('BAD_REQUEST', `An argument is unknown. Known ones: ${known.join(', ')}.`);
  }
  return { ...body };
}

function readFlag(value: unknown, name: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw badInput(`"${name}" is true or false.`, name);
}
