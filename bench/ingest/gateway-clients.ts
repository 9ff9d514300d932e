import { once } from 'node:events';
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTurn } from './bare-stores.js';

const WRITE = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written userErrors { message } } }`;

export function toMutation(rows: readonly object[]): string {
  return JSON.stringify({ query: WRITE, variables: { input: { featurestore: 'bench', rows } } });
}

/**
 * Sends bodies by some clients at once, and returns when all rows are acknowledged. A gateway on a busy machine may refuse one
 * for a second: it is sent again, and the time counts.
 */
export async function postAll(url: string, bodies: readonly string[], clients: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  await inTurn(bodies, clients, async (body) => {
    let answer = await post(url, body, agent);
    while (answer.includes('"code":"OVERLOADED"')) {
      await sleep(1_000);
      answer = await post(url, body, agent);
    }
    if (!answer.includes('"userErrors":[]')) throw new Error(answer);
  });
  agent.destroy();
}

export async function ask<Data>(url: string, query: string, agent?: Agent): Promise<Data> {
  const { data, errors } = JSON.parse(await post(url, JSON.stringify({ query }), agent)) as {
    data: Data;
    errors?: unknown;
  };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function post(url: string, body: string, agent: Agent | undefined): Promise<string> {
  const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** One open request of `POST /ingest`. */
export class LineStream {
  readonly #request: ClientRequest;
  readonly #done: Promise<{ readonly written: number }>;
  #receipts = 0;
  #wake: (() => void) | undefined;

  constructor(url: string) {
    this.#request = request(url.replace('/graphql', '/ingest/bench/customer'), {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    this.#request.flushHeaders();
    this.#done = this.#readReceipts();
    this.#done.catch(() => undefined);
  }

  /** Returns when the socket takes more. */
  async send(lines: string): Promise<void> {
    if (!this.#request.write(lines)) await once(this.#request, 'drain');
  }

  /** Returns when so many rows are acknowledged. */
  async acknowledged(rows: number): Promise<void> {
    while (this.#receipts < rows) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async end(): Promise<number> {
    this.#request.end();
    return (await this.#done).written;
  }

  async #readReceipts(): Promise<{ readonly written: number }> {
    const [response] = (await once(this.#request, 'response')) as [IncomingMessage];
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + (chunk as Buffer).toString('latin1')).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith('{"line"')) continue;
        const { done } = JSON.parse(line) as { done?: { written: number } };
        if (!done) throw new Error(line);
        return done;
      }
      this.#receipts += lines.length;
      this.#wake?.();
    }
    throw new Error('the answer was cut off');
  }
}

/** Sends batches of lines by some open requests: each sends its next batch when the one before is acknowledged. */
export async function streamAll(
  url: string,
  batches: readonly string[],
  rowsOfBatch: number,
  clients: number,
): Promise<void> {
  const streams = Array.from({ length: clients }, () => new LineStream(url));
  const sent = streams.map(() => 0);
  await inTurn(batches, clients, async (lines, client) => {
    await streams[client]!.send(lines);
    await streams[client]!.acknowledged((sent[client]! += rowsOfBatch));
  });
  const written = await Promise.all(streams.map((stream) => stream.end()));
  const rows = sent.reduce((sum, count) => sum + count, 0);
  if (written.reduce((sum, count) => sum + count, 0) !== rows) throw new Error('some rows were not written');
}
