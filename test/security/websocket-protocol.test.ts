import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPolicedGateway, type PolicedGateway } from '../support/policed-gateway.js';
import { FrameSocket, OPCODES, type Frame } from '../support/raw-websocket.js';
import { RawSocket } from '../support/stream-clients.js';
import { until } from '../support/until.js';

const { continuation, text, binary, close, ping } = OPCODES;
const FOLLOW = `subscription { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["acme:1"]) { entities { entityId } } }`;
const SUBSCRIBE = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: FOLLOW } });
const NOT_UTF8 = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
/** As long as a 16 bit length can be. */
const LONG = Buffer.alloc(65_535, 'x');
const LONGEST_MESSAGE = 1_048_576;

/** What breaks RFC 6455 or graphql-transport-ws after connection_init, unless it says otherwise. */
interface Violation {
  readonly name: string;
  readonly code: number;
  readonly isBeforeInit?: boolean;
  readonly frames: (init: string) => readonly Frame[];
  /** The same by the client `ws`. Absent: it cannot send that. */
  readonly client?: (socket: WebSocket, init: string) => void;
}

const message = (payload: string): Frame => ({ opcode: text, payload });

/** A violation by whole messages, which both clients send. */
function byMessages(
  name: string,
  code: number,
  messages: (init: string) => readonly string[],
  isBeforeInit = false,
): Violation {
  return {
    name,
    code,
    isBeforeInit,
    frames: (init) => messages(init).map(message),
    client: (socket, init) => {
      for (const each of messages(init)) socket.send(each);
    },
  };
}

const VIOLATIONS: readonly Violation[] = [
  {
    name: 'fragments without an end, longer than a message may be',
    code: 1009,
    frames: () => [
      { opcode: text, payload: LONG, fin: false },
      ...Array.from({ length: 2 + LONGEST_MESSAGE / LONG.length }, () => ({
        opcode: continuation,
        payload: LONG,
        fin: false,
      })),
    ],
    client: (socket) => {
      for (let sent = 0; sent <= LONGEST_MESSAGE; sent += LONG.length) socket.send(LONG, { fin: false });
    },
  },
  {
    name: 'a fragment without an end, and no connection_init',
    code: 4408,
    isBeforeInit: true,
    frames: () => [{ opcode: text, payload: '{"type":', fin: false }],
    client: (socket) => socket.send('{"type":', { fin: false }),
  },
  {
    name: 'a new message between two fragments',
    code: 1002,
    frames: () => [
      { opcode: text, payload: '{"type":', fin: false },
      { opcode: text, payload: '"ping"}' },
    ],
  },
  { name: 'the rest of a message that did not begin', code: 1002, frames: () => [{ opcode: continuation }] },
  {
    name: 'a reserved bit',
    code: 1002,
    frames: () => [{ opcode: text, payload: '{"type":"ping"}', reserved: 4 }],
  },
  { name: 'a reserved opcode', code: 1002, frames: () => [{ opcode: 3 }] },
  {
    name: 'a frame without a mask',
    code: 1002,
    frames: () => [{ opcode: text, payload: '{"type":"ping"}', isMasked: false }],
    client: (socket) => socket.send('{"type":"ping"}', { mask: false }),
  },
  { name: 'a ping in fragments', code: 1002, frames: () => [{ opcode: ping, fin: false }] },
  { name: 'a ping of 126 bytes', code: 1002, frames: () => [{ opcode: ping, payload: LONG.subarray(0, 126) }] },
  {
    name: 'a close with a code that no peer may send',
    code: 1002,
    frames: () => [{ opcode: close, payload: Buffer.from([0x03, 0xed]) }],
  },
  {
    name: 'text that is not UTF-8',
    code: 1007,
    frames: () => [{ opcode: text, payload: NOT_UTF8 }],
    client: (socket) => socket.send(NOT_UTF8, { binary: false }),
  },
  {
    name: 'binary data',
    code: 4400,
    frames: () => [{ opcode: binary, payload: NOT_UTF8 }],
    client: (socket) => socket.send(NOT_UTF8),
  },
  byMessages('connection_init twice', 4429, (init) => [init]),
  byMessages('a subscription before connection_init', 4401, () => [SUBSCRIBE], true),
  byMessages('an id that is in use', 4409, () => [SUBSCRIBE, SUBSCRIBE]),
  byMessages('a message of an unknown type', 4400, () => ['{"id":"1","type":"start","payload":{}}']),
  byMessages('a message that only a server sends', 4500, () => ['{"id":"1","type":"next","payload":{"data":{}}}']),
  byMessages('a subscription without an id', 4400, () => ['{"type":"subscribe","payload":{"query":"{ a }"}}']),
  byMessages('a message that is not JSON', 4400, () => ['{"type":']),
];

let shop: PolicedGateway;
let bystander: RawSocket;
let init: string;
beforeAll(async () => {
  shop = await startPolicedGateway();
  init = JSON.stringify({ type: 'connection_init', payload: shop.headersOf('ann') });
  bystander = await RawSocket.open(shop.url);
  bystander.send({ type: 'connection_init', payload: shop.headersOf('acme') });
  await until(() => bystander.messages.length === 1);
  bystander.send(SUBSCRIBE);
  await until(() => bystander.messages.length === 2);
});
afterAll(async () => {
  bystander.socket.terminate();
  await shop.close();
});

/** The subscription of another, which began before the first violation, goes on, and HTTP is served. */
async function expectOthersServed(): Promise<void> {
  const before = bystander.messages.length;
  const timestamp = new Date(1_000_000_000_000 + before * 1000).toISOString();
  await shop.ingest('acme', 'customer', [{ entityId: 'acme:1', timestamp, values: { city: 'Bern' } }]);
  await until(() => bystander.messages.length > before);
  expect(bystander.messages.at(-1)).toMatchObject({
    type: 'next',
    payload: { data: { featureValues: { entities: [{ entityId: 'acme:1' }] } } },
  });
}

describe('a WebSocket is closed, and others are served, after', () => {
  it.each(VIOLATIONS)('$name: $code, of a raw socket', async ({ code, isBeforeInit, frames }) => {
    const socket = await FrameSocket.open(shop.url);
    if (!isBeforeInit) {
      socket.send(message(init));
      await until(() => socket.frames.messages.length === 1);
    }
    socket.send(...frames(init));
    await until(() => socket.frames.closeCode !== undefined);
    expect(socket.frames.closeCode).toBe(code);
    socket.socket.destroy();
    await expectOthersServed();
  });

  it.each(VIOLATIONS.filter(({ client }) => client))(
    '$name: $code, of the client ws',
    async ({ code, isBeforeInit, client }) => {
      const { socket, closed, messages } = await RawSocket.open(shop.url);
      if (!isBeforeInit) {
        socket.send(init);
        await until(() => messages.length === 1);
      }
      client!(socket, init);
      expect((await closed).code).toBe(code);
      await expectOthersServed();
    },
  );

  it('the table of docs/security.md has each violation with its close code, and no other', () => {
    const documented = readFileSync(join(import.meta.dirname, '../../docs/security.md'), 'utf8');
    const rows = [...documented.matchAll(/^\| (.+?) +\| (\d{4}) +\|$/gm)].map(([, name, code]) => [name, Number(code)]);
    expect(rows).toEqual(VIOLATIONS.map(({ name, code }) => [name, code]));
  });
});

describe('another client is served while a client', () => {
  it('breaks its connection without a close', async () => {
    const socket = await FrameSocket.open(shop.url);
    socket.send(message(init), message(SUBSCRIBE));
    await until(() => socket.frames.messages.length === 2);
    socket.socket.resetAndDestroy();
    await expectOthersServed();
  });

  it('closes without the end of the connection', async () => {
    const socket = await FrameSocket.open(shop.url);
    socket.send(message(init), { opcode: close, payload: Buffer.from([0x03, 0xe8]) });
    await until(() => socket.frames.closeCode !== undefined);
    expect(socket.frames.closeCode).toBe(1000);
    await expectOthersServed();
    await socket.closed;
  });

  it('sends 200,000 pings and reads no pong', async () => {
    const socket = await FrameSocket.open(shop.url);
    socket.send(message(init));
    socket.socket.pause();
    const payload = LONG.subarray(0, 125);
    const pings: readonly Frame[] = Array.from({ length: 1_000 }, () => ({ opcode: ping, payload }));
    for (let sent = 0; sent < 200 && !socket.socket.destroyed; sent += 1) {
      socket.send(...pings);
      if (sent % 50 === 0) await expectOthersServed();
    }
    await expectOthersServed();
    socket.socket.resume();
    // Pongs that the client does not read would fill the memory.
    await socket.closed;
    expect(socket.frames.closeCode).toBeUndefined();
    await expectOthersServed();
  });
});
