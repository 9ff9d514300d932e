import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError } from 'graphql';
import { handleProtocols, makeServer, type ServerOptions } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { credentialsOf } from '../auth/credentials.js';
import { ANONYMOUS } from '../auth/principal.js';
import { AppError } from '../errors/app-error.js';
import type { CloseCode } from '../errors/close-codes.js';
import type { ArrivingBodies } from '../limits/arriving-bodies.js';
import type { StreamLimits } from '../limits/stream-limits.js';
import type { Logger } from '../observability/logger.js';
import { requestScope } from '../observability/request-scope.js';
import { Slots } from '../runtime/slots.js';
import { ownerOf, takeRequest, type Admittance } from './admit.js';
import { hasOneHost, type IsAllowedHost } from './allowed-hosts.js';
import { afterSockets } from './arrival.js';
import { mayConnect } from './cors.js';
import type { FormatError } from './format-error.js';
import { toGraphqlError } from './operation-guard.js';
import { PrincipalPlaces } from './principal-places.js';
import { reviveRequestNumber } from './request-json.js';
import { socketMessages } from './socket-messages.js';
import type { EventStream } from './subscription-events.js';
import { FormattedError, type Subscriptions } from './subscriptions.js';
import { WaitingSockets } from './waiting-sockets.js';
import {
  authenticateInit,
  authenticateUpgrade,
  openConnection,
  refuse,
  refuseCredentials,
  tooManySockets,
  type Connection,
  type OpenedConnection,
} from './websocket-credentials.js';

export interface WebSocketOptions extends Admittance {
  readonly subscriptions: Subscriptions;
  readonly formatError: FormatError;
  readonly logger: Logger;
  readonly limits: StreamLimits;
  readonly maxMessageBytes: number;
  readonly bodies: ArrivingBodies;
  readonly corsOrigins: readonly string[];
  readonly isAllowedHost?: IsAllowedHost;
}

export interface WebSockets {
  /** Closes all clients' sockets gracefully and accepts no new ones. */
  readonly close: () => void;
  /** Terminates the remaining sockets. */
  readonly terminate: () => void;
}

/** The gateway is stopping. */
const GOING_AWAY: CloseCode = 1001;
const INTERNAL_ERROR: CloseCode = 4500;
/** Too many large messages wait. */
const TRY_AGAIN: CloseCode = 1013;

/**
 * Subscriptions over WebSocket: the protocol graphql-transport-ws at /graphql, implemented by graphql-ws. This adapter
 * replaces the one of graphql-ws, which writes to the console and queues responses without limit for a client that does
 * not read.
 */
export function attachWebSockets(server: Server, options: WebSocketOptions): WebSockets {
  const { limits, logger } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    // A client of another protocol completes its handshake and then gets close code 4406: a failed handshake gives no
    // reason.
    handleProtocols: (offered) => handleProtocols(offered) || ([...offered][0] ?? false),
  });
  const waiting = new WaitingSockets(limits);
  // A socket without subscriptions costs little memory, but a file descriptor.
  const places = new PrincipalPlaces(limits.maxSocketsOfPrincipal);
  const protocol = makeServer(protocolOptions(options));
  let isClosing = false;

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until a WebSocket takes over the socket, no other code listens: the error of a reset connection would end the
    // process.
    socket.on('error', (error) => logger.debug({ err: error }, 'a socket broke'));
    if (!hasOneHost(request)) return refuse(socket, '400 Bad Request');
    if ((request.url ?? '').split('?')[0] !== '/graphql') return refuse(socket, '404 Not Found');
    if (options.isAllowedHost?.(request) === false) return refuse(socket, '403 Forbidden');
    if (!mayConnect(request, options.corsOrigins)) return refuse(socket, '403 Forbidden');
    if (isClosing) return refuse(socket, '503 Service Unavailable');
    const credentials = credentialsOf(request);
    authenticateUpgrade(options, credentials)
      .then((session) => {
        if (isClosing) return refuse(socket, '503 Service Unavailable');
        const stopWaiting = session ? () => undefined : waiting.take(options.authenticator.addressOf(credentials));
        if (!stopWaiting) return refuse(socket, '503 Service Unavailable', { 'retry-after': '5' });
        // Of this socket, not of the WebSocket, which does not exist if the handshake fails.
        socket.once('close', stopWaiting);
        sockets.handleUpgrade(request, socket, head, (webSocket) =>
          speak(webSocket, {
            credentials,
            session,
            stopWaiting,
            takePlace: (principal) => places.take(principal) ?? tooManySockets(limits.maxSocketsOfPrincipal),
            eventSlots: new Slots(limits.maxUnsentEvents),
          }),
        );
      })
      .catch((error: unknown) => refuseCredentials(socket, error, logger));
  });

  const speak = (socket: WebSocket, asked: OpenedConnection): void => {
    const start = performance.now();
    const stopKeepAlive = keepAlive(socket, limits.keepAliveMs);
    const cutOffWhenFull = (): boolean => {
      if (socket.bufferedAmount <= limits.maxBufferedBytes) return false;
      socket.terminate();
      return true;
    };
    const connection = openConnection(socket, asked);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        // Resolves when the operating system has accepted the message; only then does the subscription make its next event.
        send: async (text) => {
          await new Promise<void>((resolve) => {
            if (socket.readyState === socket.OPEN) socket.send(text, () => resolve());
            else resolve();
          });
        },
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => {
          const receive = socketMessages(socket, {
            bodies: options.bodies,
            owner: () => ownerOf(connection.session?.principal ?? ANONYMOUS, connection.credentials.remoteAddress),
            handle: (text) => {
              // A client that does not answer the end of its credentials could go on for as long as its socket closes.
              if (socket.readyState !== socket.OPEN) return;
              handle(text).catch((error: unknown) => {
                // A message that only a server may send, or an internal error: its text is not sent.
                logger.warn({ err: error }, 'a socket message failed');
                socket.close(INTERNAL_ERROR, 'Internal server error');
              });
            },
            onOverload: () => socket.close(TRY_AGAIN, 'Try again later'),
          });
          socket.on('message', (data: Buffer) => {
            if (!cutOffWhenFull() && socket.readyState === socket.OPEN) receive(data);
          });
        },
      },
      connection,
    );
    // ws answers pings itself.
    socket.on('ping', cutOffWhenFull);
    socket.on('error', (error) => logger.debug({ err: error }, 'a socket broke'));
    socket.once('close', (code, reason) => {
      stopKeepAlive();
      connection.left();
      logger.info({ code, durationMs: Math.round(performance.now() - start) }, 'socket closed');
      closed(code, reason.toString()).catch((error: unknown) => {
        logger.error({ err: error }, 'a socket did not close well');
      });
    });
  };

  return {
    close: () => {
      isClosing = true;
      for (const socket of sockets.clients) socket.close(GOING_AWAY, 'Going away');
    },
    terminate: () => {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

function protocolOptions(options: WebSocketOptions): ServerOptions<never, Connection> {
  const { subscriptions, formatError, limits, rates } = options;
  return {
    onConnect: ({ extra, connectionParams }) => authenticateInit(options, extra, connectionParams),
    connectionInitWaitTimeout: limits.connectionInitTimeoutMs,
    jsonMessageReviver: reviveRequestNumber,
    onSubscribe: async ({ subscriptions: open, extra }, _id, payload) => {
      const { query, operationName, variables, extensions } = payload;
      const requestId = randomUUID();
      // graphql-ws passes no operation on before the acknowledgement.
      const { principal } = extra.session!;
      const refuse = (error: GraphQLError): FormattedError[] => {
        const errors = [requestScope.run({ requestId }, () => new FormattedError(formatError(error)))];
        subscriptions.auditRefusal({ principal, requestId, query }, errors);
        return errors;
      };
      if (Object.keys(open).length > limits.maxSubscriptions) return refuse(tooMany(limits.maxSubscriptions));
      const owner = ownerOf(principal, extra.credentials.remoteAddress);
      try {
        takeRequest(rates, principal);
      } catch (error) {
        return refuse(toGraphqlError(error as Error));
      }
      const admitted = await subscriptions.admit({
        query,
        documentId: documentIdOf(payload),
        extensions,
        operationName: operationName ?? undefined,
        variables: variables ?? undefined,
        requestId,
        owner,
        principal,
        eventSlots: extra.eventSlots,
      });
      if (admitted.errors) return admitted.errors;
      const { schema, document, operationName: name } = admitted.operation;
      return { schema, document, operationName: name, contextValue: admitted.open };
    },
    // onSubscribe prepared the operation after the guard; graphql-ws only passes it here.
    subscribe: async ({ contextValue }) => (contextValue as () => Promise<EventStream>)(),
    onError: (_context, _id, _payload, errors) => errors.map(masked(formatError)),
  };
}

/** graphql-ws passes on what it does not know. Its client has a type only for what is in "extensions". */
function documentIdOf({
  extensions,
  ...payload
}: {
  readonly extensions?: unknown;
  readonly documentId?: unknown;
}): unknown {
  return payload.documentId ?? (extensions as { readonly documentId?: unknown } | null | undefined)?.documentId;
}

/** Masked errors stay unchanged; graphql-ws wraps the errors of a source. */
function masked(formatError: FormatError) {
  return (error: GraphQLError) => {
    const original = error instanceof FormattedError ? error : error.originalError;
    return original instanceof FormattedError ? original.formatted : formatError(error);
  };
}

function tooMany(max: number): GraphQLError {
  const message = `One socket may have ${max} subscriptions at a time. End one first.`;
  return new GraphQLError(message, { originalError: new AppError('TOO_MANY_SUBSCRIPTIONS', message) });
}

/** Sends pings, and closes a socket that did not answer the previous ping. */
function keepAlive(socket: WebSocket, intervalMs: number): () => void {
  let isAlive = true;
  socket.on('pong', () => (isAlive = true));
  const timer = setInterval(() => {
    // A pong may wait in the kernel while the event loop was late.
    afterSockets(() => {
      if (!isAlive) {
        socket.terminate();
        return;
      }
      if (socket.readyState !== socket.OPEN) return;
      isAlive = false;
      socket.ping();
    });
  }, intervalMs);
  return () => clearInterval(timer);
}
