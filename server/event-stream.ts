import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { print } from 'graphql-sse';
import type { ExecutionResult } from 'graphql';
import type { Session } from '../auth/session.js';
import { AppError } from '../errors/app-error.js';
import type { ArrivingBodies } from '../limits/arriving-bodies.js';
import type { StreamLimits } from '../limits/stream-limits.js';
import { acceptedTypes } from './accepted-types.js';
import { ownerOf } from './admit.js';
import { readJsonBody } from './read-body.js';
import type { SubscriptionRequest } from './subscription-request.js';
import type { EventStream } from './subscription-events.js';
import { FormattedError, type Subscriptions } from './subscriptions.js';

export interface EventStreamOptions {
  readonly subscriptions: Subscriptions;
  readonly limits: StreamLimits;
  readonly maxBodyBytes: number;
  readonly bodies: ArrivingBodies;
}

/** Whether a client prefers a stream of events to other types. Some clients list this type last with every query. */
export function wantsEvents(request: IncomingMessage): boolean {
  return acceptedTypes(request)[0] === 'text/event-stream';
}

/**
 * Subscriptions as server-sent events, one per request ("distinct connections mode" of graphql-sse, whose clients read
 * it). This code writes the events itself: the handler of graphql-sse reads all events of a source, even when its
 * reader does not accept them.
 */
export class EventStreams {
  readonly #open = new Set<ServerResponse>();
  #isClosing = false;

  constructor(private readonly options: EventStreamOptions) {}

  /** Answers a POST. Errors of the operation are events, as clients of graphql-sse expect. */
  async answer(request: IncomingMessage, response: ServerResponse, requestId: string, session: Session): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { maxBodyBytes, bodies } = this.options;
    const { principal } = session;
    const owner = ownerOf(principal, request.socket.remoteAddress);
    const read = await readJsonBody(request, maxBodyBytes, bodies.open(owner));
    const body = subscriptionRequest(read, { requestId, owner, principal });
    const admitted = await this.options.subscriptions.admit(body);
    const result = admitted.errors ? { errors: admitted.errors } : await admitted.open();
    if (this.#isClosing || gone.signal.aborted) {
      if (isStream(result)) await result.return(undefined);
      throw new AppError('SHUTTING_DOWN', 'The gateway is stopping. Try another instance.');
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      // The stream is the last use of this connection: after its end, the connection must not delay the gateway's stop.
      connection: 'close',
    });
    this.#open.add(response);
    // Firefox and Safari report that the stream is open only after the first byte.
    response.write(':\n\n');
    const timer = setInterval(() => {
      if (!response.writableNeedDrain) response.write(':\n\n');
    }, this.options.limits.keepAliveMs);
    try {
      await (isStream(result)
        ? this.#pump(result, response, session, gone.signal)
        : this.#write(response, result, gone.signal));
      if (response.writable) response.end(print({ event: 'complete', data: null }));
    } finally {
      clearInterval(timer);
      this.#open.delete(response);
    }
  }

  /**
   * Ends all streams without "complete": their clients then know that events are missing and connect again, to another
   * gateway.
   */
  close(): void {
    this.#isClosing = true;
    for (const response of this.#open) response.end();
  }

  /**
   * Requests the next event only after the reader has accepted the previous one, so no queue grows for a slow reader.
   */
  async #pump(events: EventStream, response: ServerResponse, session: Session, gone: AbortSignal): Promise<void> {
    const end = (): void => void events.return(undefined);
    gone.addEventListener('abort', end);
    let ended: AppError | undefined;
    const stopWaiting = session.onEnd((reason) => {
      ended = reason;
      end();
    });
    try {
      for await (const event of events) {
        if (!response.writable) return;
        // An event that was on its way when the credentials ended is not for their owner any more.
        if (ended) break;
        await this.#write(response, event, gone);
      }
      if (ended && response.writable) {
        await this.#write(response, { errors: [this.options.subscriptions.refusal(ended)] }, gone);
      }
    } catch (error) {
      if (!(error instanceof FormattedError)) throw error;
      if (response.writable) await this.#write(response, { errors: [error] }, gone);
    } finally {
      stopWaiting();
    }
  }

  async #write(response: ServerResponse, result: ExecutionResult, gone: AbortSignal): Promise<void> {
    if (response.write(print({ event: 'next', data: result }))) return;
    const stalled = AbortSignal.timeout(this.options.limits.stalledReaderMs);
    await once(response, 'drain', { signal: AbortSignal.any([gone, stalled]) }).catch(() => response.destroy());
  }
}

function isStream(result: EventStream | ExecutionResult): result is EventStream {
  return Symbol.asyncIterator in result;
}

function subscriptionRequest(
  body: unknown,
  sender: Pick<SubscriptionRequest, 'requestId' | 'owner' | 'principal'>,
): SubscriptionRequest {
  const { query, documentId, operationName, variables, extensions } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof query !== 'string' && (query != null || (documentId == null && extensions == null))) {
    throw new AppError(
      'BAD_REQUEST',
      'Send the subscription as "query", a string, or the "documentId" of a trusted document.',
    );
  }
  if (operationName != null && typeof operationName !== 'string') {
    throw new AppError('BAD_REQUEST', '"operationName" is a string.');
  }
  if (variables != null && (typeof variables !== 'object' || Array.isArray(variables))) {
    throw new AppError('BAD_REQUEST', '"variables" is an object.');
  }
  return {
    query: typeof query === 'string' ? query : undefined,
    documentId,
    extensions,
    operationName: operationName ?? undefined,
    variables: (variables ?? undefined) as Record<string, unknown> | undefined,
    ...sender,
  };
}
