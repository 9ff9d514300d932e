import { credentials, Client, Server, ServerCredentials, status, type MethodDefinition } from '@grpc/grpc-js';
import { bigtableData } from './bigtable-protos.js';
import { LIMITS } from './limits.js';
import { refuse, Refusal } from './vertex/refusal.js';

const { bigtable: LIMIT } = LIMITS;

export interface AppProfile {
  /** Whether it routes to one cluster and allows transactions of a row. */
  readonly isTransactional: boolean;
}

export interface StrictBigtable {
  /** host:port */
  readonly endpoint: string;
  stop(): void;
}

/**
 * A server before the emulator that refuses what Bigtable refuses and the emulator does not: unknown app profiles,
 * conditional writes over several clusters, and whatever exceeds a limit. It passes calls for values only.
 */
export async function startStrictBigtable(
  emulator: string,
  appProfiles: Readonly<Record<string, AppProfile>> = { default: { isTransactional: true } },
): Promise<StrictBigtable> {
  const upstream = new Client(emulator, credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 });
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const service = bigtableData();
  const check = (method: string, request: any): void => {
    const name = isEmpty(request.appProfileId) ? 'default' : request.appProfileId;
    const profile = appProfiles[name] ?? refuse('NOT_FOUND', `The AppProfile "${name}" does not exist.`);
    if (method === 'CheckAndMutateRow' && !profile.isTransactional) {
      refuse('FAILED_PRECONDITION', 'Single-row transactions are not allowed by this app profile');
    }
    for (const filter of [request.filter, request.predicateFilter]) checkFilter(service, filter);
    checkRows(request);
  };
  const implementation = Object.fromEntries(
    Object.entries(service).map(([name, definition]) => {
      const method = definition as MethodDefinition<any, any>;
      const handle = method.responseStream
        ? passStream(upstream, method, check, name)
        : passCall(upstream, method, check, name);
      return [name, handle];
    }),
  );
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    endpoint: `127.0.0.1:${port}`,
    stop: () => {
      server.forceShutdown();
      upstream.close();
    },
  };
}

type Check = (method: string, request: any) => void;

function passCall(upstream: Client, method: MethodDefinition<any, any>, check: Check, name: string) {
  return (call: any, callback: any): void => {
    try {
      check(name, call.request);
    } catch (error) {
      callback(toStatus(error));
      return;
    }
    upstream.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, call.request, callback);
  };
}

function passStream(upstream: Client, method: MethodDefinition<any, any>, check: Check, name: string) {
  return (call: any): void => {
    try {
      check(name, call.request);
    } catch (error) {
      call.emit('error', toStatus(error));
      return;
    }
    const { path, requestSerialize, responseDeserialize } = method;
    const answers = upstream.makeServerStreamRequest(path, requestSerialize, responseDeserialize, call.request);
    answers.on('error', (error) => call.emit('error', error));
    answers.on('data', (message: unknown) => call.write(message));
    answers.on('end', () => call.end());
    call.on('cancelled', () => answers.cancel());
  };
}

function checkRows(request: any): void {
  const entries = request.entries ?? [request];
  let mutations = 0;
  for (const entry of entries) {
    if (entry.rowKey !== undefined) checkKey(entry.rowKey);
    const changes = ['mutations', 'trueMutations', 'falseMutations'].flatMap((field) => entry[field] ?? []);
    mutations += changes.length;
    for (const change of changes) checkChange(change);
  }
  if (mutations > LIMIT.mutations.value) refuse('INVALID_ARGUMENT', `more than ${LIMIT.mutations.value} mutations`);
  for (const key of request.rows?.rowKeys ?? []) checkKey(key);
}

function checkKey(key: Buffer): void {
  if (key.length === 0) refuse('INVALID_ARGUMENT', 'Row keys must be non-empty');
  if (key.length > LIMIT.rowKeyBytes.value) refuse('INVALID_ARGUMENT', 'the row key is too long');
}

function checkChange({ setCell, deleteFromColumn }: any): void {
  const qualifier: Buffer | undefined = (setCell ?? deleteFromColumn)?.columnQualifier;
  if (qualifier && qualifier.length > LIMIT.qualifierBytes.value) {
    refuse('INVALID_ARGUMENT', 'the column qualifier is too long');
  }
  if (!setCell) return;
  if ((setCell.value?.length ?? 0) > LIMIT.cellBytes.value) refuse('INVALID_ARGUMENT', 'the cell is too large');
  const micros = BigInt(setCell.timestampMicros ?? 0);
  if (micros !== -1n && micros % BigInt(LIMIT.timestampMicros.value) !== 0n) {
    refuse('INVALID_ARGUMENT', 'Timestamp granularity mismatch. Expected a multiple of 1000 (millisecond granularity)');
  }
}

function checkFilter(service: ReturnType<typeof bigtableData>, filter: unknown): void {
  if (!filter) return;
  const { length } = service.ReadRows!.requestSerialize({ filter });
  if (length > LIMIT.filterBytes.value) refuse('INVALID_ARGUMENT', 'Filter size exceeds the limit of 20 KB');
}

function isEmpty(text: string | undefined): boolean {
  return text === undefined || text === '';
}

function toStatus(error: unknown): { readonly code: number; readonly details: string } {
  if (error instanceof Refusal) return { code: error.code, details: error.details };
  return { code: status.INTERNAL, details: String(error) };
}
