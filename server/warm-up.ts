import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { memoryConnection } from '../runtime/memory-connection.js';

/** A request that is representative of those that come. */
export interface WarmUpRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface WarmUpLimits {
  /** The most rounds of all requests. */
  readonly rounds: number;
  /** Rounds at the begin in which each document is new: it is parsed, validated and compiled. */
  readonly newDocuments: number;
  /** No round begins after this time. */
  readonly maxMs: number;
}

/**
 * Sends requests to a server that does not listen, round after round: code that has not run is compiled when it first runs, and
 * optimized when it has run often. Each request has a turn of the event loop of its own. It ends early at an answer that is not
 * 200.
 */
export async function sendWarmUp(
  server: Server,
  requests: readonly WarmUpRequest[],
  { rounds, newDocuments, maxMs }: WarmUpLimits,
): Promise<void> {
  const end = performance.now() + maxMs;
  const connection = memoryConnection();
  server.emit('connection', connection.server);
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const request of requests) {
        if (performance.now() > end) return;
        const query = round < newDocuments ? `${request.query} # ${round}` : request.query;
        if (!(await answers(connection.client, { ...request, query }))) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } finally {
    connection.client.destroy();
    connection.server.destroy();
  }
}

const HEAD_END = '\r\n\r\n';

/** Whether the request is answered with 200. Reads the whole answer, so that the next one can follow. */
function answers(connection: Duplex, request: WarmUpRequest): Promise<boolean> {
  const body = JSON.stringify(request);
  const head = [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return new Promise((resolve) => {
    let text = '';
    const finish = (isAnswered: boolean): void => {
      connection.off('data', onData).off('close', onClose);
      resolve(isAnswered);
    };
    const onClose = (): void => finish(false);
    const onData = (chunk: Buffer): void => {
      // A character for each byte, as content-length counts.
      text += chunk.toString('latin1');
      const headEnd = text.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      if (length === undefined) return finish(false);
      if (text.length >= headEnd + HEAD_END.length + Number(length)) finish(text.startsWith('HTTP/1.1 200'));
    };
    connection.on('data', onData).on('close', onClose);
    connection.write(`${head.join('\r\n')}${HEAD_END}${body}`);
  });
}
