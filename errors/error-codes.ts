/**
 * All error codes that a client can receive. An error with another code is masked as INTERNAL_SERVER_ERROR on every
 * transport: its message may contain SQL, paths or resource names.
 *
 * `httpStatus` applies when a request fails as a whole (before any field ran). The error of one field is part of a 200
 * response, as GraphQL over HTTP requires. `retryable` tells a client that the same request may succeed later.
 * docs/errors.md shows this table to users; a test compares the two.
 */
export const ERROR_CODES = {
  BAD_USER_INPUT: { httpStatus: 400, retryable: false, meaning: 'An argument, variable or cursor is not valid.' },
  CURSOR_EXPIRED: {
    httpStatus: 400,
    retryable: false,
    meaning:
      'The subscription cannot go on at this cursor. Subscribe without "after": the first event has the current values, and ' +
      '`history` has those between.',
  },
  PERMISSION_DENIED: {
    httpStatus: 403,
    retryable: false,
    meaning: 'The policy of the gateway does not allow this to the client. `viewer.permissions` says what it allows.',
  },
  FEATURESTORE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'There is no featurestore with this name.' },
  ENTITY_TYPE_NOT_FOUND: {
    httpStatus: 404,
    retryable: false,
    meaning: 'The featurestore has no entity type with this name.',
  },
  FEATURE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'The entity type has no feature with this name.' },
  FEATURE_NOT_WRITABLE: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The feature is computed by the SQL of its source. Clients write only features of sources without SQL.',
  },
  EXPECTATION_VIOLATED: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The value is not as the registry expects. `Feature.expectations` says what is expected.',
  },
  FEATURE_VIEW_NOT_FOUND: {
    httpStatus: 404,
    retryable: false,
    meaning: 'The featurestore has no feature view with this name.',
  },
  MONITOR_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'The featurestore has no monitor with this name.' },
  MODEL_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'There is no model with this name.' },
  JOB_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'There is no job with this id.' },
  FILE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'The folder for files has no file with this name.' },
  TABLE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'The offline store has no table with this name.' },
  MODEL_UNAVAILABLE: { httpStatus: 503, retryable: true, meaning: 'The gateway cannot load or reach the model.' },
  COST_OVER_LIMIT: {
    httpStatus: 400,
    retryable: false,
    meaning:
      'The estimate or the cost exceeds maxCostUsd, cancelAboveUsd or the daily budget. Of an estimate, the error contains it.',
  },
  VALUE_NOT_REPRESENTABLE: {
    httpStatus: 200,
    retryable: false,
    meaning: 'The GraphQL type of the field cannot represent the value (NaN or an infinity in a Float).',
  },
  QUERY_TOO_EXPENSIVE: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The cost of the query exceeds the limit of one request.',
  },
  GRAPHQL_PARSE_FAILED: { httpStatus: 400, retryable: false, meaning: 'The document has a syntax error.' },
  GRAPHQL_VALIDATION_FAILED: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The document is not valid for the schema.',
  },
  OPERATION_RESOLUTION_FAILURE: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The document has no operation with this operationName.',
  },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    httpStatus: 200,
    retryable: false,
    meaning: 'Automatic persisted queries are off. Send the query itself.',
  },
  DOCUMENT_NOT_FOUND: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The gateway has no trusted document with this id.',
  },
  DOCUMENT_NOT_TRUSTED: {
    httpStatus: 403,
    retryable: false,
    meaning: 'The gateway answers only trusted documents. Send the `documentId` of one of them.',
  },
  WRONG_TRANSPORT: {
    httpStatus: 400,
    retryable: false,
    meaning: 'Subscriptions go over WebSocket or as an event stream, queries and mutations as HTTP requests.',
  },
  TOO_MANY_SUBSCRIPTIONS: {
    httpStatus: 429,
    retryable: true,
    meaning: 'The connection or the principal has reached its limit of subscriptions. End one first.',
  },
  UNAUTHENTICATED: {
    httpStatus: 401,
    retryable: false,
    meaning: 'The request has no credentials that the gateway accepts. "reason" is NONE, INVALID or EXPIRED.',
  },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    httpStatus: 503,
    retryable: true,
    meaning: 'The keys of the identity provider are not available, so the gateway cannot check the token.',
  },
  RATE_LIMITED: {
    httpStatus: 429,
    retryable: true,
    meaning: 'The principal sends more requests than it may. Try again after retryAfterSeconds.',
  },
  BAD_REQUEST: { httpStatus: 400, retryable: false, meaning: 'The HTTP request is not a GraphQL request.' },
  NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'The gateway serves nothing at this path.' },
  HOST_NOT_ALLOWED: {
    httpStatus: 403,
    retryable: false,
    meaning: 'The gateway is not reached under the host name of the request.',
  },
  METHOD_NOT_ALLOWED: { httpStatus: 405, retryable: false, meaning: 'The path does not support this HTTP method.' },
  PAYLOAD_TOO_LARGE: { httpStatus: 413, retryable: false, meaning: 'The request body exceeds the limit.' },
  RESPONSE_TOO_LARGE: {
    httpStatus: 200,
    retryable: false,
    meaning: 'The answer exceeds the limit of bytes. Ask for fewer entities or features.',
  },
  OVERLOADED: {
    httpStatus: 503,
    retryable: true,
    meaning: 'The gateway has as much work as it may have. Try again after retryAfterSeconds.',
  },
  AUDIT_UNAVAILABLE: {
    httpStatus: 503,
    retryable: true,
    meaning: 'The gateway cannot write its audit log, and does nothing that the log would not have. Try again later.',
  },
  DEADLINE_EXCEEDED: {
    httpStatus: 504,
    retryable: true,
    meaning: 'The request took longer than its time limit. Its reads were cancelled.',
  },
  STORE_UNAVAILABLE: { httpStatus: 503, retryable: true, meaning: 'A store did not answer. Try again.' },
  SHUTTING_DOWN: { httpStatus: 503, retryable: true, meaning: 'The gateway is stopping. Try another instance.' },
  CLIENT_GONE: {
    httpStatus: 499,
    retryable: true,
    meaning: 'The client closed its request before the answer. Only logs and metrics have this code.',
  },
  INTERNAL_SERVER_ERROR: {
    httpStatus: 500,
    retryable: false,
    meaning: 'An internal error of the gateway. The log has its cause under the request id.',
  },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
