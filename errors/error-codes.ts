/**
 * Every error a client can meet, in one table. An error whose code is not here is masked as
 * INTERNAL_SERVER_ERROR on every transport: its message may carry SQL, paths or resource names.
 *
 * `httpStatus` is used when a request fails as a whole (before any field ran). An error of one field travels inside a
 * 200 response, as GraphQL over HTTP wants it. `retryable` tells a client that the same request may succeed later.
 * docs/errors.md shows this table to users; a test keeps the two equal.
 */
export const ERROR_CODES = {
  BAD_USER_INPUT: { httpStatus: 400, retryable: false, meaning: 'An argument, variable or cursor is not valid.' },
  FEATURESTORE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'No featurestore of that name.' },
  ENTITY_TYPE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'The featurestore has no such entity type.' },
  FEATURE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'The entity type has no such feature.' },
  FEATURE_VIEW_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'No feature view of that name there.' },
  MODEL_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'No model of that name.' },
  JOB_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'No job of that id.' },
  FILE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'No file of that name in the folder for files.' },
  TABLE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'The offline store has no table of that name.' },
  MODEL_UNAVAILABLE: { httpStatus: 503, retryable: true, meaning: 'The model could not be loaded or reached.' },
  COST_OVER_LIMIT: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The estimate is over the maxCostUsd of the request or the budget of the day; it is in the error.',
  },
  VALUE_NOT_REPRESENTABLE: {
    httpStatus: 200,
    retryable: false,
    meaning: 'The stored value does not fit the GraphQL type of the field (NaN or an infinity in a Float).',
  },
  QUERY_TOO_EXPENSIVE: { httpStatus: 400, retryable: false, meaning: 'The query asks for more than one request may.' },
  GRAPHQL_PARSE_FAILED: { httpStatus: 400, retryable: false, meaning: 'The document is not GraphQL.' },
  GRAPHQL_VALIDATION_FAILED: { httpStatus: 400, retryable: false, meaning: 'The document does not fit the schema.' },
  OPERATION_RESOLUTION_FAILURE: { httpStatus: 400, retryable: false, meaning: 'operationName names no operation.' },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    httpStatus: 200,
    retryable: false,
    meaning: 'Automatic persisted queries are off. Send the query itself.',
  },
  WRONG_TRANSPORT: {
    httpStatus: 400,
    retryable: false,
    meaning: 'Subscriptions go over WebSocket or as an event stream, queries and mutations as HTTP requests.',
  },
  TOO_MANY_SUBSCRIPTIONS: {
    httpStatus: 429,
    retryable: true,
    meaning: 'The connection has as many subscriptions as it may. End one, or open another connection.',
  },
  BAD_REQUEST: { httpStatus: 400, retryable: false, meaning: 'The HTTP request is not a GraphQL request.' },
  NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'Nothing is served at that path.' },
  METHOD_NOT_ALLOWED: { httpStatus: 405, retryable: false, meaning: 'The path does not take that HTTP method.' },
  PAYLOAD_TOO_LARGE: { httpStatus: 413, retryable: false, meaning: 'The request body is over the limit.' },
  STORE_UNAVAILABLE: { httpStatus: 503, retryable: true, meaning: 'A store did not answer. Try again.' },
  SHUTTING_DOWN: { httpStatus: 503, retryable: true, meaning: 'The gateway is stopping. Try another instance.' },
  CLIENT_GONE: {
    httpStatus: 499,
    retryable: true,
    meaning: 'The client closed its request before the answer: only logs and metrics have it.',
  },
  INTERNAL_SERVER_ERROR: {
    httpStatus: 500,
    retryable: false,
    meaning: 'A fault of the gateway. The log has the cause under the request id.',
  },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
