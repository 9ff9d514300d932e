import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Session } from '../auth/session.js';
import type { Registry } from '../datasources/registry/registry.js';
import { AppError } from '../errors/app-error.js';
import { findAppError, transportError } from '../errors/mask-error.js';
import { ingestLines } from '../ingestion/ndjson/ingest-lines.js';
import { toReceiptLines, type Receipt } from '../ingestion/ndjson/receipt.js';
import { INGEST_LIMITS, type IngestLimits } from '../limits/ingest-limits.js';
import { auditUnavailable } from './end-audit.js';
import { AuditedIngest, type IngestAuditOptions } from './ingest-audit.js';
import type { PrincipalRates } from '../limits/principal-rates.js';
import { STREAM_LIMITS } from '../limits/stream-limits.js';
import type { Logger } from '../observability/logger.js';
import { namedEntityType, visibleFeatures } from '../resolvers/catalogue.js';
import { takeRows } from './admit.js';
import { UnsupportedMediaType } from './read-body.js';

export const INGEST_PATH = /^\/ingest\/([^/]+)\/([^/]+)$/;

const MEDIA_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

export interface IngestOptions extends IngestAuditOptions {
  readonly registry: Registry;
  readonly rates: PrincipalRates;
  readonly logger: Logger;
  readonly limits?: Partial<IngestLimits>;
}

/** `POST /ingest/<featurestore>/<entityType>`: a row a line in, a receipt a line out. */
export class IngestEndpoint {
  /** Of each stream, the principal. */
  readonly #open = new Map<AbortController, string>();
  readonly #limits: IngestLimits;
  #isClosing = false;

  constructor(private readonly options: IngestOptions) {
    this.#limits = { ...INGEST_LIMITS, ...options.limits };
  }

  async answer(request: IncomingMessage, response: ServerResponse, requestId: string, session: Session): Promise<void> {
    const [featurestore = '', name = ''] = readNames(request);
    const { registry, policy } = this.options;
    const reader = { registry, access: policy.accessOf(session.principal) };
    const entityType = namedEntityType(reader, featurestore, name);
    checkMediaType(request);
    const wantsRefused = readReceipts(request) === 'refused';
    if (this.#isClosing) throw stopping();
    if (this.#open.size >= this.#limits.maxConcurrentRequests) {
      throw new AppError(
        'OVERLOADED',
        `The gateway takes ${this.#limits.maxConcurrentRequests} streams of rows at once. Try again later.`,
        { retryAfterSeconds: 5 },
      );
    }
    const { name: principal, kind } = session.principal;
    const own = [...this.#open.values()].filter((other) => other === principal).length;
    if (kind !== 'ANONYMOUS' && own >= this.#limits.maxConcurrentRequestsPerPrincipal) {
      throw new AppError(
        'RATE_LIMITED',
        `You may send ${this.#limits.maxConcurrentRequestsPerPrincipal} streams of rows at once. End one first.`,
        { retryAfterSeconds: 5 },
      );
    }
    if (this.options.auditLog?.mustRefuse) throw auditUnavailable();
    const audited = new AuditedIngest(this.options, entityType, requestId, session.principal);
    const gone = new AbortController();
    response.once('close', () => gone.abort(new AppError('CLIENT_GONE', 'The client went away.')));
    const ending = new AbortController();
    this.#open.set(ending, principal);
    const stopWaiting = session.onEnd((reason) => ending.abort(reason));
    response.writeHead(200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    response.flushHeaders();
    const total = { lines: 0, written: 0, duplicates: 0, quarantined: 0, refused: 0 };
    try {
      const body = readUntil(decompressed(request), ending.signal, this.#limits.idleBodyMs);
      const { rates } = this.options;
      for await (const { receipts, lines } of ingestLines({
        entityType,
        writer: audited,
        check: audited.check,
        nameable: () => visibleFeatures(policy.accessOf(session.principal), entityType.features),
        body,
        signal: gone.signal,
        limits: this.#limits,
      })) {
        count(total, receipts);
        await send(response, wantsRefused ? receipts.filter(isRefused) : receipts, gone.signal);
        // Reads on when the principal may send more rows.
        await takeRows(rates, session.principal, lines, AbortSignal.any([gone.signal, ending.signal]));
      }
      response.end(`${JSON.stringify({ done: total })}\n`);
    } catch (error) {
      if (gone.signal.aborted || response.destroyed) throw error;
      this.#endWithError(error, request, response, requestId);
    } finally {
      audited.noteDenied();
      stopWaiting();
      this.#open.delete(ending);
    }
  }

  /** Reads no further lines. The rows that are being written get their receipts. */
  close(): void {
    this.#isClosing = true;
    for (const ending of this.#open.keys()) ending.abort(stopping());
  }

  /** The last line says why the lines without a receipt were not taken. */
  #endWithError(error: unknown, request: IncomingMessage, response: ServerResponse, requestId: string): void {
    const known = findAppError(error);
    if (!known || known.cause !== undefined) this.options.logger.error({ err: error }, 'a stream of rows failed');
    const shown = known ?? new AppError('INTERNAL_SERVER_ERROR', 'The gateway failed to write this.');
    response.end(`${JSON.stringify({ error: transportError(shown, requestId) })}\n`);
    // The rest of the body would be read to its end, which a sender may never reach. The client first gets the answer.
    response.once('finish', () => setTimeout(() => request.destroy(), 1_000).unref());
  }
}

function stopping(): AppError {
  return new AppError(
    'SHUTTING_DOWN',
    'The gateway is stopping. Send the lines without a receipt to another instance.',
  );
}

function readNames(request: IncomingMessage): string[] {
  const [path = ''] = (request.url ?? '').split('?');
  return INGEST_PATH.exec(path)?.slice(1) ?? [];
}

/** `receipts=refused` is for clients that read no answer before they sent everything. */
function readReceipts(request: IncomingMessage): 'all' | 'refused' {
  const receipts = new URLSearchParams((request.url ?? '').split('?')[1]).get('receipts') ?? 'all';
  if (receipts !== 'all' && receipts !== 'refused') {
    throw new AppError('BAD_USER_INPUT', '"receipts" is all or refused.', { field: 'receipts' });
  }
  return receipts;
}

/** A page of another site cannot make a browser send these types without a preflight. */
function checkMediaType({ headers }: IncomingMessage): void {
  const [mediaType = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (!MEDIA_TYPES.includes(mediaType.trim()) || (charset && !/^charset="?utf-?8"?$/.test(charset))) {
    throw new UnsupportedMediaType('Send the rows as application/x-ndjson in UTF-8: a JSON object a line.');
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new UnsupportedMediaType('Send the rows as they are, or with Content-Encoding: gzip.');
  }
}

function decompressed(request: IncomingMessage): AsyncIterable<Uint8Array> {
  if (request.headers['content-encoding'] !== 'gzip') return request as AsyncIterable<Uint8Array>;
  // A failure ends the iteration of the last stream; the callback has nothing to add.
  return pipeline(request, createGunzip(), () => undefined);
}

/** The chunks of a body, until the signal aborts or nothing arrives for some time. */
async function* readUntil(
  body: AsyncIterable<Uint8Array>,
  ending: AbortSignal,
  idleMs: number,
): AsyncGenerator<Uint8Array, void> {
  const chunks = body[Symbol.asyncIterator]();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  // Without a waiting race, the rejection must not count as unhandled.
  ended.catch(() => undefined);
  const end = (): void => reject(ending.reason as Error);
  ending.addEventListener('abort', end);
  let timer: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      timer = setTimeout(() => {
        reject(new AppError('BAD_REQUEST', `Nothing arrived for ${idleMs / 1000} s. Send the rest in a new request.`));
      }, idleMs);
      const next = await Promise.race([chunks.next(), ended]).catch(toBodyError);
      clearTimeout(timer);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    clearTimeout(timer);
    ending.removeEventListener('abort', end);
  }
}

function toBodyError(error: unknown): never {
  const { code } = error as { readonly code?: unknown };
  if (typeof code === 'string' && code.startsWith('Z_')) {
    throw new AppError('BAD_REQUEST', 'The body is not gzip, or it is cut off.');
  }
  throw error;
}

async function send(response: ServerResponse, receipts: readonly Receipt[], gone: AbortSignal): Promise<void> {
  if (receipts.length === 0) return;
  if (response.write(toReceiptLines(receipts))) return;
  const stalled = AbortSignal.timeout(STREAM_LIMITS.stalledReaderMs);
  await once(response, 'drain', { signal: AbortSignal.any([gone, stalled]) }).catch(() => response.destroy());
}

/** A sender that asks for these alone needs a receipt for each line that is not served. */
function isRefused({ status }: Receipt): boolean {
  return status === 'REFUSED' || status === 'QUARANTINED';
}

function count(
  total: { lines: number; written: number; duplicates: number; quarantined: number; refused: number },
  receipts: readonly Receipt[],
): void {
  total.lines += receipts.length;
  for (const { status } of receipts) {
    if (status === 'WRITTEN') total.written += 1;
    else if (status === 'DUPLICATE') total.duplicates += 1;
    else if (status === 'QUARANTINED') total.quarantined += 1;
    else total.refused += 1;
  }
}
