import { toErrorMessage } from '../../../errors/error-message.js';
import type { Bigtable, GetRowsOptions, Table } from '@google-cloud/bigtable';
import { InterceptingCall, status as STATUS, type Interceptor } from '@grpc/grpc-js';
import { GRPC_STATUS, isTransient, readGrpcCode, TRANSIENT_CODES } from '../../google/grpc-status.js';
import type { BigtableSettings } from '../../registry/model.js';

/** How many calls about one row each are under way at once. */
export const MAX_CONCURRENT_CALLS = 64;

type CallOptions = NonNullable<GetRowsOptions['gaxOptions']>;

/** There is nothing to say to Google who is asking. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
}

export interface BigtableConnection {
  readonly client: Bigtable;
  readonly table: Table;
}

/** The parts of the client that are used: values, the table's description, and that of the app profile. */
type Service = 'BigtableClient' | 'BigtableTableAdminClient' | 'BigtableInstanceAdminClient';

/** After an outage gRPC would not look for the server for up to two minutes. */
const RECONNECTION = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 1000 };

/**
 * Connects to the table of the settings; no request is made of it. The client takes most of a second to load, so it is loaded
 * here, only where a registry names Bigtable. Its own metrics are off: they would go to Cloud Monitoring unasked.
 *
 * Rejects where there are no credentials. Left to its first call, each service of the client would look for them then, and
 * reject a promise that nobody holds, which ends the process.
 *
 * @param apiEndpoint host:port of an emulator. BIGTABLE_EMULATOR_HOST does the same; the client reads it.
 */
export async function connect(
  settings: BigtableSettings,
  apiEndpoint?: string,
  services: readonly Service[] = ['BigtableClient'],
): Promise<BigtableConnection> {
  const { Bigtable, v2 } = await import('@google-cloud/bigtable');
  const client = new Bigtable({
    projectId: settings.project,
    metricsEnabled: false,
    ...RECONNECTION,
    ...(settings.appProfile === null ? {} : { appProfileId: settings.appProfile }),
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
  const table = client.instance(settings.instance).table(settings.table);
  // Each attempt of a read adds listeners to one stream, and of the eleventh Node warns as of a leak.
  table.maxRetries = 8;
  return { client, table };
}

/** An attempt that hangs must leave time for others: a third of what there is. */
const ATTEMPTS = 3;

/**
 * Options of a read, which the client tries again by itself: after a transient error, from the row it had come to, until the
 * deadline. (Its default deadline is 12 hours.) New for each call: the client writes into them.
 */
export function readOptions(deadlineMs: number, attemptMs = deadlineMs / ATTEMPTS): CallOptions {
  const end = Date.now() + deadlineMs;
  return {
    timeout: deadlineMs,
    // The client takes the pauses from it, and decides itself what it tries again.
    retry: { retryCodes: [], backoffSettings: backoff(deadlineMs, attemptMs) },
    otherArgs: withInterceptor(cancelledIsUnavailable, truncateMessage(end, attemptMs)),
  };
}

/** Options of a call for one answer. The client tries none again unless told to: only for calls that may be repeated. */
export function idempotentOptions(deadlineMs: number): CallOptions {
  return {
    retry: {
      retryCodes: [...TRANSIENT_CODES],
      backoffSettings: backoff(deadlineMs, deadlineMs / ATTEMPTS),
    },
    otherArgs: withInterceptor(cancelledIsUnavailable),
  };
}

function backoff(deadlineMs: number, attemptMs: number) {
  return {
    initialRetryDelayMillis: 20,
    retryDelayMultiplier: 2,
    // The client looks at the deadline before a pause, not after it: a long one would go beyond.
    maxRetryDelayMillis: Math.min(500, deadlineMs / 10),
    initialRpcTimeoutMillis: attemptMs,
    rpcTimeoutMultiplier: 1,
    maxRpcTimeoutMillis: attemptMs,
    totalTimeoutMillis: deadlineMs,
  };
}

function withInterceptor(...interceptors: readonly Interceptor[]): Record<string, unknown> {
  return { options: { interceptors: [...interceptors] } };
}

/** The client gives each attempt of a read the deadline of the whole: one that hangs would be the only one. */
function truncateMessage(end: number, attemptMs: number): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall({ ...options, deadline: Math.min(end, Date.now() + attemptMs) }));
}

/**
 * The client takes CANCELLED for its own doing and ends a read as if it were complete: a stream that a proxy or server
 * cancelled would lack rows, and their entities would be said not to exist. We cancel nothing, so it is a connection
 * that was lost, and is said to be one before the client sees it; then it is tried again as such.
 */
const cancelledIsUnavailable: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start: (metadata, _listener, next) =>
      next(metadata, {
        onReceiveStatus: (status, nextStatus) =>
          nextStatus(status.code === STATUS.CANCELLED ? { ...status, code: STATUS.UNAVAILABLE } : status),
      }),
  });

/** Whether the store did not answer, or broke off: to be tried again later. A stream that was reset ends with INTERNAL. */
export function isUnreachable(error: unknown): boolean {
  return isTransient(error) || readGrpcCode(error) === GRPC_STATUS.INTERNAL;
}
