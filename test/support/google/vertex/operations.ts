import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import type { Instant } from '../../../../values/instant.js';
import { toProtoTime } from '../../../../datasources/google/vertex/proto-time.js';
import { paginate } from './paginate.js';
import { refuse, Refusal } from './refusal.js';
import type { VertexService } from '../vertex-server.js';

const require = createRequire(import.meta.url);
const PACKAGE = 'google.cloud.aiplatform.v1';
let root: protobuf.Root | undefined;

interface Operation {
  readonly name: string;
  readonly metadataType: string;
  readonly responseType: string;
  readonly createdAt: Instant;
  /** Does the work; a Refusal makes the operation fail. */
  readonly finish: () => object;
  looks: number;
  outcome: { readonly response: object } | { readonly error: Refusal } | undefined;
}

export interface OperationInput {
  /** The resource that the operation is about. */
  readonly parent: string;
  /** Message names of the package's protos, such as `ExportFeatureValuesOperationMetadata`. */
  readonly metadataType: string;
  readonly responseType: string;
  readonly finish: () => object;
}

/** Long-running operations: each ends at the look after so many. Its work is done when it ends. */
export class Operations {
  readonly all = new Map<string, Operation>();
  looksUntilDone = 1;

  constructor(private readonly now: () => Instant) {}

  start({ parent, ...input }: OperationInput): object {
    const name = `${parent}/operations/${this.all.size + 1}`;
    const operation: Operation = { name, createdAt: this.now(), looks: 0, outcome: undefined, ...input };
    this.all.set(name, operation);
    return this.#describe(operation);
  }

  /** How many of a kind are not done. */
  countRunning(metadataType: string): number {
    return [...this.all.values()].filter((one) => one.metadataType === metadataType && !one.outcome).length;
  }

  service(): VertexService {
    return {
      file: 'google/longrunning/operations.proto',
      path: ['google', 'longrunning'],
      version: 'v1',
      name: 'Operations',
      proto: '',
      single: {
        GetOperation: ({ name }) => this.#look(this.all.get(name) ?? refuse('NOT_FOUND', `${name} not found`)),
        ListOperations: (request) => {
          if (request.filter !== '') refuse('INVALID_ARGUMENT', 'this server takes no filter of operations');
          const ofResource = [...this.all.values()].filter(({ name }) =>
            name.startsWith(`${request.name}/operations/`),
          );
          const { items, nextPageToken } = paginate(ofResource, request, 100);
          return { operations: items.map((operation) => this.#describe(operation)), nextPageToken };
        },
      },
    };
  }

  #look(operation: Operation): object {
    operation.looks += 1;
    if (!operation.outcome && operation.looks > this.looksUntilDone) {
      try {
        operation.outcome = { response: operation.finish() };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        operation.outcome = { error };
      }
    }
    return this.#describe(operation);
  }

  #describe({ name, metadataType, responseType, createdAt, outcome }: Operation): object {
    const metadata = pack(metadataType, { genericMetadata: { createTime: toProtoTime(createdAt) } });
    if (!outcome) return { name, metadata, done: false };
    if ('error' in outcome) {
      return { name, metadata, done: true, error: { code: outcome.error.code, message: outcome.error.details } };
    }
    return { name, metadata, done: true, response: pack(responseType, outcome.response) };
  }
}

function pack(type: string, value: object): object {
  root ??= protobuf.Root.fromJSON(require('@google-cloud/aiplatform/build/protos/protos.json'));
  const message = root.lookupType(`${PACKAGE}.${type}`);
  return {
    type_url: `type.googleapis.com/${PACKAGE}.${type}`,
    typeUrl: `type.googleapis.com/${PACKAGE}.${type}`,
    value: Buffer.from(message.encode(message.fromObject(value)).finish()),
  };
}
