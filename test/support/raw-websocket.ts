import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A frame of RFC 6455 as a client may not send it, too. */
export interface Frame {
  readonly opcode: number;
  readonly payload?: string | Buffer;
  /** false: more of the message follows. */
  readonly fin?: boolean;
  /** The three bits that need an extension. */
  readonly reserved?: number;
  readonly isMasked?: boolean;
}

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A WebSocket without a library: the test says every bit. */
export class FrameSocket {
  #received = Buffer.alloc(0);
  readonly closed: Promise<void>;

  private constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (this.#received = Buffer.concat([this.#received, chunk])));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static async open(url: string): Promise<FrameSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const opened = new FrameSocket(socket);
    socket.write(
      `GET /graphql HTTP/1.1\r\nhost: ${hostname}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
        `sec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n` +
        'sec-websocket-protocol: graphql-transport-ws\r\n\r\n',
    );
    while (!opened.#received.includes('\r\n\r\n')) await once(socket, 'data');
    opened.#received = opened.#received.subarray(opened.#received.indexOf('\r\n\r\n') + 4);
    return opened;
  }

  send(...frames: readonly Frame[]): void {
    for (const frame of frames) this.socket.write(encode(frame));
  }

  /** The messages and the close code that came so far. */
  get frames(): { readonly messages: readonly string[]; readonly closeCode: number | undefined } {
    const messages: string[] = [];
    let closeCode: number | undefined;
    for (let at = 0; at + 2 <= this.#received.length;) {
      const opcode = this.#received[at]! & 0x0f;
      let length = this.#received[at + 1]!;
      let start = at + 2;
      if (length === 126) {
        length = this.#received.readUInt16BE(start);
        start += 2;
      }
      const payload = this.#received.subarray(start, start + length);
      if (opcode === OPCODES.text) messages.push(payload.toString());
      if (opcode === OPCODES.close) closeCode = payload.readUInt16BE(0);
      at = start + length;
    }
    return { messages, closeCode };
  }
}

function encode({ opcode, payload = '', fin = true, reserved = 0, isMasked = true }: Frame): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(bytes.length < 126 ? 2 : 4);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | Math.min(bytes.length, 126);
  if (bytes.length >= 126) head.writeUInt16BE(bytes.length, 2);
  if (!isMasked) return Buffer.concat([head, bytes]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, bytes.map((byte, index) => byte ^ mask[index % 4]!)]);
}
