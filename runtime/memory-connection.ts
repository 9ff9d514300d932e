import { Duplex } from 'node:stream';

/** One end of a connection inside this process: what is written to it can be read from the other end. */
class End extends Duplex {
  peer: End | undefined;

  override _read(): void {
    // The other end pushes.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.peer?.push(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.peer?.push(null);
    done();
  }

  /** The HTTP server of Node.js sets it for each connection. Nothing in memory is idle. */
  setTimeout(): this {
    return this;
  }
}

/** Both ends of a connection without a socket: no other process can reach it. */
export function memoryConnection(): { readonly client: Duplex; readonly server: Duplex } {
  const client = new End();
  const server = new End();
  client.peer = server;
  server.peer = client;
  return { client, server };
}
