import { once } from 'node:events';
import { connect } from 'node:net';
import { startPolicedGateway, type PolicedGateway, type Who } from '../../support/policed-gateway.js';
import { RawSocket } from '../../support/stream-clients.js';
import { until } from '../../support/until.js';
import type { Transport } from './attack.js';

export const SECRET = 'zoe@secret.example';
export const UNKNOWN_JOB = 'jobs/01a22725-9b13-7135-9ad3-1f69a96e65c7';

export interface Operation {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

/** What came back: the results up to the first one or the refusal. */
export interface Sent {
  readonly data: readonly any[];
  readonly errors: readonly { readonly message: string; readonly extensions?: Record<string, any> }[];
  /** All that came, as text. */
  readonly text: string;
  /** Of HTTP. */
  readonly status?: number;
  /** Of a WebSocket that the gateway closed. */
  readonly closed?: { readonly code: number; readonly reason: string };
}

export interface Attacked {
  readonly shop: PolicedGateway;
  /** Of bob; ann and the tenant may not see it. */
  readonly job: string;
  /** Sends one operation; takes its first result. */
  send(transport: Transport, who: Who, operation: Operation): Promise<Sent>;
  /** Sends a body, or a message, that is made by hand. HTTP: by POST, with more headers. */
  sendText(transport: Transport, who: Who, body: string, headers?: Record<string, string>): Promise<Sent>;
  /** Bytes as they are, which no HTTP client would send; what came until the connection closed. */
  raw(bytes: string): Promise<string>;
}

/** A gateway with two tenants, their values and a job, with introspection closed. */
export async function startAttackedGateway(): Promise<Attacked & { close(): Promise<void> }> {
  const shop = await startPolicedGateway({ FEATUREGRAPH_INTROSPECTION: 'false' });
  const rows = ['acme:1', 'acme:2', 'beta:1'].flatMap((entityId) =>
    [1, 2, 3].map((day) => ({
      entityId,
      timestamp: `2001-01-0${day}T00:00:00Z`,
      values: { orders: String(day), city: 'Bern', email: SECRET },
    })),
  );
  await shop.ingest('admin', 'customer', rows);
  const labels = { source: { rows: [{ entity_id: 'acme:1', timestamp: '2002-01-01T00:00:00Z' }] } };
  const trainingSet = { featurestore: 'shop', entityType: 'customer', labels };
  const started = await shop.ask(
    'bob',
    'mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) { job { id } } }',
    { input: { trainingSet } },
  );
  const job = started.data.startTrainingSet.job.id as string;
  await until(async () => (await shop.ask('bob', `{ job(id: "${job}") { state } }`)).data.job.state === 'SUCCEEDED');
  const sendText: Attacked['sendText'] = (transport, who, body, headers = {}) =>
    transport === 'webSocket' ? sendOverSocket(shop, who, body) : post(shop, transport, who, body, headers);
  return {
    shop,
    job,
    sendText,
    send: (transport, who, operation) => {
      const text = JSON.stringify(operation);
      const body = transport === 'webSocket' ? `{"id":"1","type":"subscribe","payload":${text}}` : text;
      return sendText(transport, who, body);
    },
    raw: async (bytes) => {
      const { hostname, port } = new URL(shop.url);
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.on('error', () => undefined);
      socket.write(bytes);
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      await once(socket, 'close');
      return answer;
    },
    close: () => shop.close(),
  };
}

async function post(
  shop: PolicedGateway,
  transport: Exclude<Transport, 'webSocket'>,
  who: Who,
  body: string,
  headers: Record<string, string>,
): Promise<Sent> {
  const end = new AbortController();
  const response = await fetch(shop.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(transport === 'eventStream' ? { accept: 'text/event-stream' } : {}),
      ...shop.headersOf(who),
      ...headers,
    },
    body,
    signal: end.signal,
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (isStream && /^event: (next|complete)$[^]*\n\n/m.test(text)) break;
  }
  end.abort();
  const results: any[] = isStream
    ? [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data!) as unknown)
    : text.startsWith('{')
      ? [JSON.parse(text)]
      : [];
  return { ...collect(results), text, status: response.status };
}

async function sendOverSocket(shop: PolicedGateway, who: Who, message: string): Promise<Sent> {
  const socket = await RawSocket.open(shop.url);
  let closed: Sent['closed'];
  void socket.closed.then((end) => (closed = end));
  socket.send({ type: 'connection_init', payload: shop.headersOf(who) });
  await until(() => socket.messages.length > 0 || closed !== undefined);
  socket.send(message);
  await until(() => socket.messages.some(({ id }) => id === '1') || closed !== undefined);
  socket.socket.terminate();
  const results = socket.messages.flatMap(({ type, payload }) =>
    type === 'next' ? [payload] : type === 'error' ? [{ errors: payload }] : [],
  );
  return { ...collect(results), text: JSON.stringify(socket.messages), ...(closed ? { closed } : {}) };
}

function collect(results: readonly any[]): Pick<Sent, 'data' | 'errors'> {
  return { data: results.map(({ data }) => data), errors: results.flatMap(({ errors }) => errors ?? []) };
}
