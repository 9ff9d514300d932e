import { toErrorMessage } from '../../../errors/error-message.js';
import type { Bigtable, GetRowsOptions, Table } from '@google-cloud/bigtable';
import { InterceptingCall, status as STATUS, type Interceptor } from '@grpc/grpc-js';
import { GRPC_STATUS, isTransient, readGrpcCode, TRANSIENT_CODES } from '../grpc-status.js';

/** The maximum number of concurrent calls for single rows. */
export const MAX_CONCURRENT_CALLS = 64;

type CallOptions = NonNullable<GetRowsOptions['gaxOptions']>;

/** The name of a table, and the app profile of its requests. */
export interface TableAddress {
  readonly project: string;
  readonly instance: string;
  readonly table: string;
  /** null: the default profile of the instance. */
  readonly appProfile: string | null;
}

/** The environment has no credentials for Google Cloud. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
}

export interface BigtableConnection {
  readonly client: Bigtable;
  readonly table: Table;
}

/** The parts of the client that the stores use: values, the table's description and the app profile's description. */
type Service = 'BigtableClient' | 'BigtableTableAdminClient' | 'BigtableInstanceAdminClient';

/** Without this limit, gRPC may wait up to two minutes after an outage before it reconnects. */
const RECONNECTION = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 1000 };

/**
 * Creates a client for a table; sends no request. The client takes most of a second to load, so this function loads it
 * only for a gateway that uses Bigtable. The client's own metrics are off, because they would go to
 * Cloud Monitoring without the operator's consent.
 *
 * Rejects when there are no credentials. Otherwise each service of the client would look for credentials at its first
 * call and reject a promise that no code handles, which ends the process.
 *
 * @param apiEndpoint host:port of an emulator. BIGTABLE_EMULATOR_HOST does the same; the client reads it.
 */
export async function connect(
  address: TableAddress,
  apiEndpoint?: string,
  services: readonly Service[] = ['BigtableClient'],
): Promise<BigtableConnection> {
  const { Bigtable, v2 } = await import('@google-cloud/bigtable');
  const client = new Bigtable({
    projectId: address.project,
    metricsEnabled: false,
    ...RECONNECTION,
    ...(address.appProfile === null ? {} : { appProfileId: address.appProfile }),
    ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
  });
  for (const service of services) {
    const part = new v2[service](client.options[service]);
    try {
      await part.initialize();
    } catch (cause) {
      throw new NoCredentials(toErrorMessage(cause), { cause });
    }
    client.api[service] = part;
  }
  const table = client.instance(address.instance).table(address.table);
  // Each attempt of a read adds listeners to one stream. At the eleventh listener, Node warns of a leak.
  table.maxRetries = 8;
  return { client, table };
}

/**
 * An attempt that begins in the first third of the deadline has a third of it, so that an attempt that hangs leaves time
 * for another. A later attempt has all the time that is left: shorter ones would fail one after the other where the
 * answer takes long.
 */
const FIRST_ATTEMPT_SHARE = 1 / 3;

/**
 * Options of a read. After a transient error, the client itself retries the read from the row that it had reached,
 * until the deadline. (Its default deadline is 12 hours.) Each call needs new options, because the client writes into
 * them.
 */
export function readOptions(deadlineMs: number, attemptMs = deadlineMs * FIRST_ATTEMPT_SHARE): CallOptions {
  const end = Date.now() + deadlineMs;
  return {
    timeout: deadlineMs,
    // The client takes only the pauses from this option; it decides itself which errors it retries.
    retry: { retryCodes: [], backoffSettings: backoff(deadlineMs, attemptMs) },
    otherArgs: withInterceptor(cancelledIsUnavailable, limitAttempt(end - deadlineMs, end, attemptMs)),
  };
}

/**
 * Options of a unary call. The client retries such a call only when told to: use this only for calls that are safe to
 * repeat.
 */
export function idempotentOptions(deadlineMs: number): CallOptions {
  return {
    retry: {
      retryCodes: [...TRANSIENT_CODES],
      backoffSettings: backoff(deadlineMs, deadlineMs * FIRST_ATTEMPT_SHARE),
    },
    otherArgs: withInterceptor(cancelledIsUnavailable),
  };
}

function backoff(deadlineMs: number, attemptMs: number) {
  return {
    initialRetryDelayMillis: 20,
    retryDelayMultiplier: 2,
    // The client checks the deadline before a pause and not after it, so a long pause would exceed the deadline.
    maxRetryDelayMillis: Math.min(500, deadlineMs / 10),
    initialRpcTimeoutMillis: attemptMs,
    // The second attempt may take what the first left; the whole time bounds it.
    rpcTimeoutMultiplier: 2,
    maxRpcTimeoutMillis: deadlineMs,
    totalTimeoutMillis: deadlineMs,
  };
}

function withInterceptor(...interceptors: readonly Interceptor[]): Record<string, unknown> {
  return { options: { interceptors: [...interceptors] } };
}

/**
 * The client gives each attempt of a read the whole deadline, so a first attempt that hangs would leave no time for a
 * second.
 */
function limitAttempt(start: number, end: number, attemptMs: number): Interceptor {
  return (options, nextCall) => {
    const now = Date.now();
    const deadline = now < start + attemptMs ? Math.min(end, now + attemptMs) : end;
    return new InterceptingCall(nextCall({ ...options, deadline }));
  };
}

/**
 * The client takes CANCELLED for its own cancellation and ends the read as if it were complete. If a proxy or a server
 * cancels the stream, rows would be missing and their entities would be NOT_FOUND. This process never cancels a read,
 * so CANCELLED means a lost connection. This function changes the code before the client sees it; the client then
 * retries the read.
 */
const cancelledIsUnavailable: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start: (metadata, _listener, next) =>
      next(metadata, {
        onReceiveStatus: (status, nextStatus) =>
          nextStatus(status.code === STATUS.CANCELLED ? { ...status, code: STATUS.UNAVAILABLE } : status),
      }),
  });

/**
 * Whether the store did not answer or the connection broke, so that a later retry may succeed. A reset stream ends with
 * INTERNAL.
 */
export function isUnreachable(error: unknown): boolean {
  return isTransient(error) || readGrpcCode(error) === GRPC_STATUS.INTERNAL;
}
