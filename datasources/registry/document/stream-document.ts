import { z } from 'zod';
import type { EntityType, FeatureStream } from '../model.js';
import { MESSAGE_FORMATS, TIME_FORMATS } from '../stream-settings.js';
import { columnName, resourceName } from './common-fields.js';
import type { Fault } from '../../../runtime/yaml/fault.js';
import { unionOfKinds } from './union-of-kinds.js';

const deadLetterTopic = z
  .string()
  .min(1)
  .max(255)
  .describe('The topic that gets the messages that cannot be written, with the reason. It must exist.');

const pubSub = z
  .strictObject({
    kind: z.literal('PUBSUB'),
    project: z.string().min(1).describe('The Google Cloud project.'),
    subscription: z.string().min(3).max(255).describe('A pull subscription, for this featurestore alone.'),
    deadLetterTopic,
  })
  .describe('A subscription of Google Pub/Sub.');

const kafka = z
  .strictObject({
    kind: z.literal('KAFKA'),
    bootstrapServers: z
      .array(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'a server is written like broker:9092'))
      .min(1)
      .max(20)
      .describe('Servers of the cluster, as host:port.'),
    topic: z.string().min(1).max(249).describe('The topic.'),
    groupId: z.string().min(1).max(255).describe('The consumer group, for this featurestore alone.'),
    deadLetterTopic,
    tls: z.boolean().default(false).describe('Whether to connect by TLS.'),
    sasl: z
      .strictObject({
        mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).describe('The mechanism of SASL.'),
        username: z.string().min(1).describe('The name.'),
        passwordFile: z.string().min(1).describe('A file with the password. The registry never has a secret.'),
      })
      .nullable()
      .default(null)
      .describe('How to log in. Nothing: without.'),
  })
  .describe('A topic of Kafka.');

const path = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^.\s]+(\.[^.\s]+)*$/, 'a path is names with points between them, such as order.total')
  .describe('Where it is in the message: names with points between them. $key is the key of the message.');

export const stream = z
  .strictObject({
    name: resourceName(60).describe('Unique in its featurestore.'),
    entityType: resourceName(60).describe('The entity type that gets the values.'),
    from: unionOfKinds({ PUBSUB: pubSub, KAFKA: kafka }).describe('The broker.'),
    ordered: z
      .boolean()
      .default(true)
      .describe('true: one batch is written after another. false: several at once, for more throughput.'),
    format: z.enum(MESSAGE_FORMATS).describe('What the content of a message is.'),
    schemaFile: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('AVRO and PROTOBUF: the schema (.avsc, .proto), a path from the registry file.'),
    messageType: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('PROTOBUF: the full name of the message, such as shop.Order.'),
    confluentHeader: z
      .boolean()
      .default(false)
      .describe('AVRO: whether a message begins with the five bytes of Confluent’s wire format.'),
    entityId: z.array(path).min(1).max(8).describe('Where the values of the id columns are, in their order.'),
    timestamp: z
      .strictObject({ path, format: z.enum(TIME_FORMATS).describe('What the time is. It is never guessed.') })
      .nullable()
      .default(null)
      .describe('Where the event time is. Nothing: the features have no time, as those of static sources.'),
    features: z
      .record(columnName, path)
      .describe('Where the value of each feature is. What a message lacks is not written.'),
  })
  .describe('Messages that become values.');

export type StreamDocument = z.infer<typeof stream>;

interface EntityTypeNames {
  readonly name: string;
  readonly entityIdColumns: readonly string[];
  readonly sources: readonly {
    readonly sql: string | null;
    readonly static: boolean;
    readonly features: readonly { readonly name: string }[];
  }[];
}

/** What the shape cannot express; paths are those inside the stream. */
export function streamFaults(document: StreamDocument, entityTypes: readonly EntityTypeNames[]): Fault[] {
  const { format, schemaFile, messageType, confluentHeader, timestamp } = document;
  const faults: Fault[] = [];
  const fault = (at: string[], message: string): void => void faults.push({ path: at, message });
  if ((format === 'JSON') !== (schemaFile === null)) {
    fault(['schemaFile'], format === 'JSON' ? 'JSON has no schema file' : `${format} needs a schema file`);
  }
  if ((format === 'PROTOBUF') !== (messageType !== null)) {
    fault(['messageType'], format === 'PROTOBUF' ? 'PROTOBUF needs the name of its message' : `${format} has none`);
  }
  if (confluentHeader && format !== 'AVRO') fault(['confluentHeader'], 'the header is read for AVRO only');
  const entityType = entityTypes.find(({ name }) => name === document.entityType);
  if (!entityType) {
    fault(['entityType'], `there is no entity type "${document.entityType}"`);
    return faults;
  }
  if (document.entityId.length !== entityType.entityIdColumns.length) {
    fault(['entityId'], `it has a path for each id column: ${entityType.entityIdColumns.join(', ')}`);
  }
  const names = Object.keys(document.features);
  if (names.length === 0) fault(['features'], 'a stream has at least one feature');
  for (const name of names) {
    const source = entityType.sources.find(({ features }) => features.some((feature) => feature.name === name));
    if (!source) fault(['features', name], `entity type "${entityType.name}" has no feature "${name}"`);
    else if (source.sql !== null) fault(['features', name], 'SQL computes this feature, so messages cannot write it');
    else if (!source.static && timestamp === null) fault(['timestamp'], `the feature "${name}" needs an event time`);
  }
  return faults;
}

/** Call only without faults. */
export function toStream(
  document: StreamDocument,
  entityType: EntityType,
  schemas: ReadonlyMap<string, string> = new Map(),
): FeatureStream {
  return {
    name: document.name,
    entityType,
    source: document.from,
    ordered: document.ordered,
    format: document.format,
    schema: document.schemaFile === null ? null : (schemas.get(document.schemaFile) ?? null),
    messageType: document.messageType,
    confluentHeader: document.confluentHeader,
    entityId: document.entityId,
    timestamp: document.timestamp,
    features: new Map(
      Object.entries(document.features).map(([name, at]) => [
        entityType.features.find((feature) => feature.name === name)!,
        at,
      ]),
    ),
  };
}
