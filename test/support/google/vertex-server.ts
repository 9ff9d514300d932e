import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import {
  credentials,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  status,
  type Metadata,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ClientOptions } from '../../../datasources/google/vertex/vertex-clients.js';
import { Faults, type Fault } from './vertex/faults.js';
import { VertexQuotas } from './vertex/quotas.js';
import { Refusal } from './vertex/refusal.js';
import { checkRequest, type Region } from './vertex/strict-requests.js';

// Before any Google client is made: it would look for the metadata server of a Google machine, and wait for it.
process.env.METADATA_SERVER_DETECTION = 'none';

/** One call's surroundings, for a method that has to know of a fault itself. */
export interface CallContext {
  readonly fault: Fault | undefined;
  /** The size of the request on the wire; of a stream, of this message. */
  readonly bytes: number;
}

type Single = (request: any, context: CallContext) => unknown;
type Many = (request: any, context: CallContext) => Iterable<unknown>;

/** A service of Vertex AI: its methods by the proto's names. Those that are not here are UNIMPLEMENTED. */
export interface VertexService {
  readonly version: 'v1' | 'v1beta1';
  readonly name: string;
  /** The proto file it is in. */
  readonly proto: string;
  /** For a service outside of Vertex AI's package: its proto file in full, and the path to it in the package. */
  readonly file?: string;
  readonly path?: readonly string[];
  readonly single?: Readonly<Record<string, Single>>;
  readonly serverStream?: Readonly<Record<string, Many>>;
  /** Answers to one message of the client; the server gives the answers of a stream out of order. */
  readonly bothStream?: Readonly<Record<string, Many>>;
}

export interface VertexCall {
  readonly method: string;
  /** The request; the messages of a stream one by one. */
  readonly request: any;
  readonly metadata: Metadata;
}

export interface VertexServer {
  /** What a client's constructor takes to come here instead of to Google. */
  readonly clientOptions: ClientOptions;
  readonly calls: VertexCall[];
  readonly faults: Faults;
  /** Off unless a test sets the length of a minute. */
  readonly quotas: VertexQuotas;
  callsOf(method: string): VertexCall[];
  stop(): void;
}

const require = createRequire(import.meta.url);
const INCLUDE_FOLDERS = ['@google-cloud/aiplatform', 'google-gax'].map((name) =>
  join(dirname(require.resolve(name)), '../protos'),
);

/**
 * A local Vertex AI: the package's own protos over a real socket. It refuses what the API would (strict-requests.ts and
 * the services' own rules) and fails as told (faults).
 */
export async function startVertexServer(region: Region, services: readonly VertexService[]): Promise<VertexServer> {
  // The API takes requests larger than gRPC's own 4 MB, and refuses them by its own limits.
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const calls: VertexCall[] = [];
  const faults = new Faults();
  const quotas = new VertexQuotas();
  for (const service of services) {
    const { definition, implementation } = implement(service, region, calls, { faults, quotas });
    server.addService(definition, implementation);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    clientOptions: {
      apiEndpoint: '127.0.0.1',
      port,
      sslCreds: credentials.createInsecure(),
      projectId: region.project,
    },
    calls,
    faults,
    quotas,
    callsOf: (method) => calls.filter((call) => call.method === method),
    stop: () => server.forceShutdown(),
  };
}

function implement(
  service: VertexService,
  region: Region,
  calls: VertexCall[],
  { faults, quotas }: Pick<VertexServer, 'faults' | 'quotas'>,
) {
  const file = service.file ?? `google/cloud/aiplatform/${service.version}/${service.proto}`;
  const path = service.path ?? ['google', 'cloud', 'aiplatform', service.version];
  const options = { includeDirs: INCLUDE_FOLDERS, longs: String, enums: String, defaults: true, oneofs: true };
  const loaded = loadPackageDefinition(loadSync(file, options)) as any;
  const { service: definition } = path.reduce((at, part) => at[part], loaded)[service.name] as ServiceClientConstructor;

  const sizeOf = (method: string, request: unknown): number => definition[method]!.requestSerialize(request).length;

  /** Notes a message of a call and checks it. */
  const receive = (method: string, request: unknown, metadata: Metadata): void => {
    quotas.check(method, request as object);
    calls.push({ method, request, metadata });
    const messageName = (definition[method] as any).requestType.type.name as string;
    if (!service.path) checkRequest(service.version, messageName, request, region);
  };

  const implementation: Record<string, any> = {};
  for (const [method, answer] of Object.entries(service.single ?? {})) {
    implementation[method] = async (call: any, callback: any): Promise<void> => {
      try {
        const fault = faults.take(method);
        if (await happens(fault)) return;
        receive(method, call.request, call.metadata);
        const response = answer(call.request, { fault, bytes: sizeOf(method, call.request) });
        loseAnswer(fault);
        callback(null, response);
      } catch (error) {
        callback(toGrpcStatus(error));
      }
    };
  }
  for (const [method, answers] of Object.entries(service.serverStream ?? {})) {
    implementation[method] = async (call: any): Promise<void> => {
      try {
        const fault = faults.take(method);
        if (await happens(fault)) return;
        receive(method, call.request, call.metadata);
        send(call, [...answers(call.request, { fault, bytes: sizeOf(method, call.request) })], fault);
      } catch (error) {
        call.emit('error', toGrpcStatus(error));
      }
    };
  }
  for (const [method, answers] of Object.entries(service.bothStream ?? {})) {
    implementation[method] = (call: any): void => {
      const fault = faults.take(method);
      const responses: unknown[] = [];
      let hasFailed = false;
      const fail = (error: unknown): void => {
        hasFailed = true;
        call.emit('error', toGrpcStatus(error));
      };
      const isLost = happens(fault).catch(fail);
      call.on('data', (request: unknown) => {
        if (hasFailed || fault?.kind === 'refuse' || fault?.kind === 'hang') return;
        try {
          receive(method, request, call.metadata);
          responses.push(...answers(request, { fault, bytes: sizeOf(method, request) }));
        } catch (error) {
          fail(error);
        }
      });
      call.on('end', () => {
        void isLost.then((lost) => {
          if (lost || hasFailed) return;
          try {
            send(call, responses.toReversed(), fault);
          } catch (error) {
            fail(error);
          }
        });
      });
    };
  }
  return { definition, implementation };
}

/** What happens before the call is looked at. True when it is never answered. */
async function happens(fault: Fault | undefined): Promise<boolean> {
  if (fault?.kind === 'delay') await pause(fault.ms);
  if (fault?.kind === 'refuse') throw new Refusal(fault.code, 'a fault of the test');
  return fault?.kind === 'hang';
}

function loseAnswer(fault: Fault | undefined): void {
  if (fault?.kind === 'loseAnswer') throw new Refusal(fault.code, 'a fault of the test, after the work was done');
}

function send(call: any, responses: readonly unknown[], fault: Fault | undefined): void {
  loseAnswer(fault);
  const cut = fault?.kind === 'endAfter' || fault?.kind === 'breakAfter' ? fault.messages : responses.length;
  for (const response of responses.slice(0, cut)) call.write(response);
  if (fault?.kind === 'breakAfter') throw new Refusal(fault.code, 'a fault of the test, in the middle of a stream');
  call.end();
}

function toGrpcStatus(error: unknown): { code: number; details: string } {
  if (error instanceof Refusal) return { code: error.code, details: error.details };
  // A fault of the server itself must not look like one of the API that a client may retry.
  return { code: status.INTERNAL, details: error instanceof Error ? String(error.stack) : String(error) };
}
