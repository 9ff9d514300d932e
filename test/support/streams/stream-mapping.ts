import type { FeaturestoreInput } from '../../../datasources/registry/document/document.js';
import { registryDocument } from '../../../datasources/registry/document/document.js';
import { findFaults } from '../../../datasources/registry/document/find-faults.js';
import { toModel } from '../../../datasources/registry/document/to-model.js';
import type { StreamMessage } from '../../../datasources/streams/message-stream.js';
import { createMapping, type MapMessage } from '../../../ingestion/streams/map-message.js';

type StreamInput = NonNullable<FeaturestoreInput['streams']>[number];

const FEATURES = [
  { name: 'seen', valueType: 'TIMESTAMP' as const },
  { name: 'is_new', valueType: 'BOOL' as const },
  { name: 'tags', valueType: 'STRING_ARRAY' as const },
  { name: 'counts', valueType: 'INT64_ARRAY' as const },
  { name: 'scores', valueType: 'DOUBLE_ARRAY' as const },
  { name: 'flags', valueType: 'BOOL_ARRAY' as const },
  { name: 'orders', valueType: 'INT64' as const },
  { name: 'basket', valueType: 'DOUBLE' as const },
  { name: 'note', valueType: 'STRING' as const },
  { name: 'photo', valueType: 'BYTES' as const },
  { name: 'cart', valueType: 'STRUCT' as const },
];

/** The mapping of a stream of the entity type `customer`, over the document of the registry that the operator writes. */
export function mapping(stream: Partial<StreamInput>, schema = '', entityIdColumns = ['id']): MapMessage {
  const document = registryDocument.parse({ featurestores: [featurestore(stream, entityIdColumns)] });
  const faults = findFaults(document);
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('; '));
  const files = { sqlTexts: new Map(), tablePaths: new Map(), messageSchemas: new Map([['schema', schema]]) };
  return createMapping(toModel(document.featurestores, files)[0]!.streams[0]!);
}

function featurestore(stream: Partial<StreamInput>, entityIdColumns: string[]): FeaturestoreInput {
  return {
    name: 'shop',
    entityTypes: [{ name: 'customer', entityIdColumns, sources: [{ features: FEATURES }] }],
    streams: [
      {
        name: 'orders',
        entityType: 'customer',
        from: { kind: 'PUBSUB', project: 'p', subscription: 'orders', deadLetterTopic: 'dead' },
        format: 'JSON',
        entityId: ['id'],
        timestamp: { path: 'at', format: 'EPOCH_MILLIS' },
        features: { orders: 'orders', basket: 'totals.basket', note: 'note', photo: 'photo' },
        ...stream,
      },
    ],
  };
}

function message(data: Uint8Array | string, key: string | null = null): StreamMessage {
  return {
    data: typeof data === 'string' ? Buffer.from(data) : data,
    key,
    position: 'orders/1',
    attributes: new Map(),
    publishTime: 0n,
  };
}

/** The row of a message, with its values by the name of the feature. */
export function read(map: MapMessage, data: Uint8Array | string, key?: string) {
  const { entityId, timestamp, values } = map(message(data, key));
  return { entityId, timestamp, values: Object.fromEntries([...values].map(([{ name }, value]) => [name, value])) };
}
