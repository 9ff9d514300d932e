import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { withAuthorization, type Credentials } from '../auth/credentials.js';
import type { Principal } from '../auth/principal.js';
import type { Session } from '../auth/session.js';
import { AppError } from '../errors/app-error.js';
import type { CloseCode } from '../errors/close-codes.js';
import { ERROR_CODES } from '../errors/error-codes.js';
import { formatLimit } from '../limits/request-limits.js';
import type { Logger } from '../observability/logger.js';
import type { Slots } from '../runtime/slots.js';
import { authenticate, type Admittance } from './admit.js';
import { challenge, retryAfter } from './respond.js';

/** Clients of graphql-ws do not try again: the same credentials would be refused again. */
const NOT_ACCEPTED: CloseCode = 4401;
/** Clients of graphql-ws connect again, with the token that their application then has. */
const ENDED: CloseCode = 4403;
const UNAVAILABLE: CloseCode = 1013;

/** What the gateway knows of a socket. */
export interface Connection {
  /** Of the request that opened it. */
  readonly credentials: Credentials;
  /** Who asks; undefined until `connection_init` says it. */
  session: Session | undefined;
  /** For the events that are made and that its reader has not taken. */
  readonly eventSlots: Slots;
  readonly close: (code: CloseCode, reason: string) => void;
  /** Closes the socket when the credentials end. Throws RATE_LIMITED if the principal has too many sockets. */
  readonly follow: (session: Session) => void;
  readonly left: () => void;
}

export interface OpenedConnection extends Pick<Connection, 'credentials' | 'session' | 'eventSlots'> {
  /** Called when the socket has said who asks. */
  readonly stopWaiting: () => void;
  /** Counts the socket for a principal, until the returned function is called. Throws RATE_LIMITED if it has too many. */
  readonly takePlace: (principal: Principal) => () => void;
}

export function openConnection(socket: WebSocket, opened: OpenedConnection): Connection {
  const { credentials, session, eventSlots, stopWaiting, takePlace } = opened;
  let stopFollowing = (): void => undefined;
  let leavePlace = (): void => undefined;
  let hasLeft = false;
  const stop = (): void => {
    stopFollowing();
    leavePlace();
    stopFollowing = leavePlace = () => undefined;
  };
  const connection: Connection = {
    credentials,
    session,
    eventSlots,
    // A reason has at most 123 bytes.
    close: (code, reason) => socket.close(code, reason.slice(0, 120)),
    follow: (next) => {
      stop();
      // While its token was verified.
      if (hasLeft) return;
      leavePlace = takePlace(next.principal);
      connection.session = next;
      stopWaiting();
      stopFollowing = next.onEnd(({ message }) => connection.close(ENDED, message));
    },
    left: () => {
      hasLeft = true;
      stop();
    },
  };
  try {
    if (session) connection.follow(session);
  } catch (error) {
    closeRefused(connection, error);
  }
  return connection;
}

/**
 * Who opens a socket, by the headers of the request. Programs and proxies have credentials there. A page cannot set
 * headers of a WebSocket, and says it later, in `connection_init`.
 */
export async function authenticateUpgrade(options: Admittance, credentials: Credentials): Promise<Session | undefined> {
  return options.authenticator.hasCredentials(credentials) ? authenticate(options, credentials) : undefined;
}

/** Who asks on a socket. `{"authorization": "Bearer …"}` of `connection_init` replaces the header of this name. */
export async function authenticateInit(
  options: Admittance,
  connection: Connection,
  parameters: Readonly<Record<string, unknown>> | null | undefined,
): Promise<boolean> {
  try {
    const authorization = readAuthorization(parameters);
    const { credentials, session } = connection;
    // The mode `open` looks at no token, and a socket that has credentials without one keeps them.
    if (authorization !== undefined || !session) {
      const asked = authorization === undefined ? credentials : withAuthorization(credentials, authorization);
      connection.follow(await authenticate(options, asked));
    }
    return true;
  } catch (error) {
    closeRefused(connection, error);
    return false;
  }
}

function closeRefused(connection: Pick<Connection, 'close'>, error: unknown): void {
  if (!(error instanceof AppError)) throw error;
  connection.close(error.code === 'UNAUTHENTICATED' ? NOT_ACCEPTED : UNAVAILABLE, error.message);
}

/** Clients write the name of the header as they like. */
function readAuthorization(parameters: Readonly<Record<string, unknown>> | null | undefined): string | undefined {
  const found = Object.entries(parameters ?? {}).filter(([name]) => name.toLowerCase() === 'authorization');
  const [entry, ...others] = found;
  if (!entry) return undefined;
  if (others.length > 0 || typeof entry[1] !== 'string') {
    throw new AppError('UNAUTHENTICATED', '"authorization" of connection_init is one string.', { reason: 'INVALID' });
  }
  return entry[1];
}

export function refuse(
  socket: Duplex,
  status: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${lines.join('')}\r\n`);
}

export function refuseCredentials(socket: Duplex, error: unknown, logger: Logger): void {
  if (error instanceof AppError && error.cause === undefined) logger.warn({ codes: [error.code] }, 'refused');
  else logger.error({ err: error }, 'a socket was not opened');
  if (!(error instanceof AppError)) return refuse(socket, '500 Internal Server Error');
  const { httpStatus } = ERROR_CODES[error.code];
  refuse(socket, `${httpStatus} ${STATUS_CODES[httpStatus] ?? ''}`, { ...challenge(error), ...retryAfter(error) });
}

export function tooManySockets(max: number): never {
  const sentence = `You may have ${formatLimit(max)} WebSockets at a time. Close one first.`;
  throw new AppError('RATE_LIMITED', sentence, { retryAfterSeconds: 5 });
}
