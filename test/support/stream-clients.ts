import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { WebSocket, type ClientOptions } from 'ws';

export interface Operation {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
}

/** All that one subscription gave. */
export interface Outcome {
  readonly results: any[];
  /** What ended it, when it did not complete: errors of the operation, or of the connection. */
  readonly error: any;
}

export interface StreamClient {
  /** Follows a subscription to its end. `onResult` is told of each result as it comes. */
  follow(operation: Operation, onResult?: (result: any, end: () => void) => void): Promise<Outcome>;
  close(): void;
}

/** How a subscription is followed, by the clients people use. */
export const TRANSPORTS: readonly (readonly [string, (url: string) => StreamClient])[] = [
  ['WebSocket', webSocketClient],
  ['server-sent events', eventStreamClient],
];

export function webSocketClient(url: string, retryAttempts = 0): StreamClient {
  const client = createWsClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts, retryWait });
  return {
    follow: following((operation, sink) => client.subscribe(operation, sink)),
    close: () => void client.dispose(),
  };
}

export function eventStreamClient(url: string, retryAttempts = 0): StreamClient {
  const client = createSseClient({ url, retryAttempts, retry: retryWait });
  return { follow: following((operation, sink) => client.subscribe(operation, sink)), close: () => client.dispose() };
}

const retryWait = (): Promise<void> => sleep(10);

interface Sink {
  next(result: unknown): void;
  error(error: unknown): void;
  complete(): void;
}

function following(subscribe: (operation: Operation, sink: Sink) => () => void): StreamClient['follow'] {
  return (operation, onResult) =>
    new Promise<Outcome>((resolve) => {
      const results: unknown[] = [];
      const end = subscribe(operation, {
        next: (result) => {
          results.push(result);
          onResult?.(result, () => end());
        },
        error: (error) => resolve({ results, error }),
        complete: () => resolve({ results, error: undefined }),
      });
    });
}

/** The errors of an outcome, wherever the transport puts them. */
export function collectErrors({ results, error }: Outcome): any[] {
  return [...results.flatMap((result) => result.errors ?? []), ...(Array.isArray(error) ? error : [])];
}

/** A WebSocket of which a test says every message. None that comes is missed. */
export class RawSocket {
  readonly messages: any[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.messages.push(JSON.parse(data.toString())));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code: number, reason: Buffer) => resolve({ code, reason: reason.toString() }));
    });
  }

  static async open(url: string, protocol = 'graphql-transport-ws', options: ClientOptions = {}): Promise<RawSocket> {
    const raw = new RawSocket(new WebSocket(url.replace('http', 'ws'), protocol, options));
    await once(raw.socket, 'open');
    return raw;
  }

  send(...messages: unknown[]): void {
    for (const message of messages) this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }
}
