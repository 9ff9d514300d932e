/**
 * The limits of a connection with events. Each limit names what it protects; docs/limits.md has the table for users.
 */
export const STREAM_LIMITS = {
  /**
   * Concurrent subscriptions of one WebSocket: a page shows tens of jobs; a client with thousands does not end them.
   */
  maxSubscriptions: 100,
  /** Subscriptions of one principal over all connections: half of those of featureValues, so that others have places. */
  maxSubscriptionsOfPrincipal: 5_000,
  /** WebSockets of one principal, also without subscriptions: each has a file descriptor. As many as it may have subscriptions. */
  maxSocketsOfPrincipal: 5_000,
  /**
   * Bytes of responses that wait in this process for a socket. Events alone do not end a socket: the next one is made
   * only after a previous one is sent. Responses to many small messages do, when a client does not read them.
   */
  maxBufferedBytes: 1_048_576,
  /** Bytes of one event. Each event stream may hold one event that its reader does not take. */
  maxEventBytes: 4_194_304,
  /** Events of one WebSocket that are made and that its reader has not taken. Its other subscriptions make theirs later. */
  maxUnsentEvents: 4,
  /**
   * WebSockets that have not said who they are, of one address and of all. They may wait for as long as
   * connectionInitTimeoutMs, and any client can open them.
   */
  maxWaitingSocketsOfAddress: 100,
  maxWaitingSockets: 2_000,
  /** Milliseconds for a socket to send connection_init: an idle socket must not occupy a place. */
  connectionInitTimeoutMs: 3_000,
  /**
   * Milliseconds between pings. The gateway closes a socket that has not answered a ping by the next one, also one
   * whose reader hangs. Proxies do not close a connection that is never idle for this long.
   */
  keepAliveMs: 12_000,
  /** Milliseconds that an event stream waits for its reader to take the written data. */
  stalledReaderMs: 60_000,
} as const;

export type StreamLimits = { readonly [Name in keyof typeof STREAM_LIMITS]: number };
