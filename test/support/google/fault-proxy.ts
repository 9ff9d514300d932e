import { once } from 'node:events';
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** What happens to one call on its way to the server or back. */
export type Fault =
  /** The call is answered with this gRPC status; the server never sees it. */
  | { readonly kind: 'refused'; readonly status: number }
  /** The server does what it is told, but its answer is lost: the client sees this status. */
  | { readonly kind: 'answer lost'; readonly status: number }
  /** So many bytes of the answer come, then the stream ends: as HTTP/2 says in its error code, or without a word (null). */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly code: number | null }
  /** So many bytes of the answer come, then the whole connection is gone. */
  | { readonly kind: 'disconnected'; readonly afterBytes: number }
  /** The answer comes, but late. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The server's answer is this message instead. For what an emulator does not know. */
  | { readonly kind: 'answered'; readonly message: Uint8Array };

export interface PassedRequest {
  readonly method: string;
  /** How long the client waits for the answer, as it says: `999m` is 999 milliseconds. */
  readonly timeout: string | undefined;
  readonly message: Buffer;
}

export interface FaultProxy {
  /** host:port */
  readonly endpoint: string;
  /** Names of the gRPC methods called, in order. */
  readonly calls: string[];
  /** How long the client waits for each call, as it says, in order: `999m` is 999 milliseconds. */
  readonly timeouts: (string | undefined)[];
  /** What the server was asked, in order: the message of each call that was passed on. */
  readonly requests: PassedRequest[];
  /** The next calls of a gRPC method meet these faults, one each; those after them pass. */
  fail(method: string, ...faults: readonly Fault[]): void;
  /** Decides on every call; replaces what fail() said. */
  decide: (method: string) => Fault | undefined | Promise<Fault | undefined>;
  stop(): Promise<void>;
}

/** A real HTTP/2 server between a real gRPC client and a real gRPC server, which breaks calls as networks do. */
export async function startFaultProxy(upstreamEndpoint: string): Promise<FaultProxy> {
  const planned = new Map<string, Fault[]>();
  const sessions = new Set<Http2Session>();
  const upstream = connect(`http://${upstreamEndpoint}`);
  const server = createServer();
  const proxy: FaultProxy = {
    endpoint: '',
    calls: [],
    timeouts: [],
    requests: [],
    fail: (method, ...faults) => planned.set(method, [...(planned.get(method) ?? []), ...faults]),
    decide: (method) => planned.get(method)?.shift(),
    stop: async () => {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const method = readGrpcMethod(headers);
    proxy.calls.push(method);
    proxy.timeouts.push(headers['grpc-timeout'] as string | undefined);
    void Promise.resolve(proxy.decide(method)).then((fault) => {
      if (fault?.kind === 'refused') refuse(stream, fault.status);
      else if (fault?.kind === 'answered') answer(stream, fault.message);
      else {
        void recordRequest(stream, headers).then((request) => proxy.requests.push(request));
        forward(upstream, stream, headers, fault);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(proxy, { endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function recordRequest(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<PassedRequest> {
  const body: Buffer[] = [];
  stream.on('data', (data: Buffer) => body.push(data));
  await once(stream, 'end');
  return {
    method: readGrpcMethod(headers),
    timeout: headers['grpc-timeout'] as string | undefined,
    // After a byte for compression and four for its length.
    message: Buffer.concat(body).subarray(5),
  };
}

function readGrpcMethod(headers: IncomingHttpHeaders): string {
  return headers[':path']!.split('/').at(-1)!;
}

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

function refuse(stream: ServerHttp2Stream, status: number): void {
  // The caller has given up meanwhile.
  if (stream.destroyed) return;
  // With the names a real server puts into its messages, which no client may see.
  const message = 'projects/secret-project/instances/secret-instance failed';
  stream.respond({ ...GRPC, 'grpc-status': String(status), 'grpc-message': message }, { endStream: true });
}

function answer(stream: ServerHttp2Stream, message: Uint8Array): void {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(frame);
}

function forward(
  upstream: ClientHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  fault: Exclude<Fault, { kind: 'refused' | 'answered' }> | undefined,
): void {
  const call = upstream.request(headers);
  stream.pipe(call);
  stream.on('close', () => call.close());
  call.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const body: Buffer[] = [];
  call.on('response', (response) => (head = response));
  call.on('trailers', (last) => (trailers = last));
  call.on('data', (data: Buffer) => body.push(data));
  call.on('end', () => {
    if (fault?.kind === 'answer lost') refuse(stream, fault.status);
    else if (fault?.kind === 'slow') setTimeout(deliver, fault.delayMs);
    else deliver();
  });

  function deliver(): void {
    if (stream.destroyed) return;
    if (head['grpc-status'] !== undefined) {
      stream.respond(head, { endStream: true });
      return;
    }
    const isBroken = fault?.kind === 'cut' || fault?.kind === 'disconnected';
    const isWordless = fault?.kind === 'cut' && fault.code === null;
    stream.respond(head, { waitForTrailers: !isWordless });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    const bytes = Buffer.concat(body);
    if (!isBroken) {
      stream.end(bytes);
      return;
    }
    const some = bytes.subarray(0, fault.afterBytes);
    if (isWordless) {
      stream.end(some);
      return;
    }
    // What was written must have left before the stream is reset, or the client sees none of it.
    stream.write(some, () =>
      setTimeout(() => {
        if (fault.kind === 'disconnected') stream.session?.destroy();
        else stream.close(fault.code!);
      }, 20),
    );
  }
}
