import type { IncomingMessage } from 'node:http';
import { invalid } from './unauthenticated.js';

/** What a request brings to say who asks. All transports make it, so that one authenticator serves them. */
export interface Credentials {
  /** The values of a header, by its name in lower case; several when the request has the header several times. */
  readonly header: (name: string) => readonly string[];
  /** The address at the other end of the connection: a proxy's, if there is one. */
  readonly remoteAddress: string;
  /** Called before a signature is checked, which takes time. It throws if that must not be done. */
  readonly beforeVerify?: () => void;
}

/** The credentials of an HTTP request, also of the one that opens a WebSocket. */
export function credentialsOf(request: IncomingMessage): Credentials {
  return {
    header: (name) => (request.headers[name] === undefined ? [] : valuesOf(request.rawHeaders, name)),
    remoteAddress: request.socket.remoteAddress ?? '',
  };
}

/** Each value of a header as it came. Node joins some repeated headers, and drops others; `headersDistinct` copies all. */
function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const raw = rawHeaders[at]!;
    if (raw.length === name.length && raw.toLowerCase() === name) values.push(rawHeaders[at + 1]!);
  }
  return values;
}

/** The same credentials, with a token from elsewhere: a message of a WebSocket. */
export function withAuthorization(credentials: Credentials, authorization: string): Credentials {
  return {
    ...credentials,
    header: (name) => (name === 'authorization' ? [authorization] : credentials.header(name)),
  };
}

/**
 * The one value of a header; undefined if it is absent or empty. Two values are refused: a client adds one and a proxy the
 * other, and each reader would take the one that suits it.
 */
export function readOnce({ header }: Credentials, name: string): string | undefined {
  const [value, ...others] = header(name);
  if (others.length > 0) throw invalid(`The request has the header "${name}" more than once. Send it once.`);
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}

const BEARER = /^bearer +(\S+)$/i;

/** The token of `Authorization: Bearer …`; undefined without the header. */
export function readBearer(credentials: Credentials): string | undefined {
  const value = readOnce(credentials, 'authorization');
  if (value === undefined) return undefined;
  const [, token] = BEARER.exec(value) ?? [];
  if (token === undefined) {
    throw invalid('"Authorization" is not of the form "Bearer <token>". The gateway takes no other scheme.');
  }
  return token;
}
