/**
 * Why the gateway closed a WebSocket. `retryable` tells a client to connect again; graphql-ws clients do so
 * automatically. docs/errors.md shows this table to users; a test compares the two.
 */
export const CLOSE_CODES = {
  1001: { retryable: true, meaning: 'The gateway is stopping. Connect again, to another instance.' },
  1002: { retryable: false, meaning: 'A frame breaks the WebSocket protocol.' },
  1007: { retryable: false, meaning: 'A message is not UTF-8.' },
  1009: { retryable: false, meaning: 'A message is larger than a request body may be.' },
  1013: {
    retryable: true,
    meaning:
      'The keys of the identity provider are not available, too many large messages wait, or the principal has too many sockets. Connect again later.',
  },
  4400: { retryable: false, meaning: 'A message is not one of the protocol.' },
  4401: {
    retryable: false,
    meaning: 'The credentials are missing or not accepted, or the client subscribed before connection_init.',
  },
  4403: { retryable: true, meaning: 'The credentials expired or were revoked. Connect again with new ones.' },
  4406: { retryable: false, meaning: 'The subprotocol is not graphql-transport-ws.' },
  4408: { retryable: true, meaning: 'The client sent no connection_init in time.' },
  4409: { retryable: false, meaning: 'The id of a subscription is in use.' },
  4429: { retryable: false, meaning: 'The client sent connection_init twice.' },
  4500: { retryable: false, meaning: 'A fault of the gateway, or a message that only a server sends.' },
} as const;

export type CloseCode = keyof typeof CLOSE_CODES;
