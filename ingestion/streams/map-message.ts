import type { Feature, FeatureStream } from '../../datasources/registry/model.js';
import type { TimeFormat } from '../../datasources/registry/stream-settings.js';
import type { StreamMessage } from '../../datasources/streams/message-stream.js';
import { AppError, badInput } from '../../errors/app-error.js';
import { canonicalEntityId, encodeEntityId } from '../../values/entity-id.js';
import { instantFromEpoch, isEpochUnit } from '../../values/epoch.js';
import { parseInstant, type Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { IncomingRow } from '../feature-writer.js';
import { describeValue } from '../rows/describe-value.js';
import { isObject, readFeatureValue } from '../rows/read-row.js';
import { checkPaths, KEY_PATH, timeFormatOf } from './check-paths.js';
import type { MessageFormat } from './formats/message-format.js';
import { openFormat } from './formats/open-format.js';

export type MapMessage = (message: StreamMessage) => IncomingRow;

/** Makes the row of a message, as the registry says. Throws an AppError for a message that has none. */
export function createMapping(stream: FeatureStream): MapMessage {
  const format = openFormat(stream);
  checkPaths(stream, format);
  const { entityType, entityId, timestamp } = stream;
  const features = [...stream.features].map(([feature, path]) => ({
    feature,
    path,
    read: readerOf(feature, path, format),
  }));
  return (message) => {
    const content = format.decode(message.data);
    const find = (path: string): unknown => (path === KEY_PATH ? message.key : findValue(content, path));
    const parts = entityId.map((path) => readIdPart(find(path), path));
    return {
      entityId: atField(entityId.join(','), () => canonicalEntityId(encodeEntityId(parts), entityType.entityIdColumns)),
      timestamp:
        timestamp && atField(timestamp.path, () => readTime(find(timestamp.path), timestamp.format, timestamp.path)),
      values: readValues(features, find),
    };
  };
}

interface MappedFeature {
  readonly feature: Feature;
  readonly path: string;
  readonly read: (written: unknown) => RawValue | null;
}

/**
 * Reads the value of a feature. JSON has texts for what it has no type for; a format with a schema has types for them, and
 * a text is no bytes and a number no time without its unit.
 */
function readerOf(feature: Feature, path: string, format: MessageFormat): MappedFeature['read'] {
  const { valueType } = feature;
  if (valueType === 'TIMESTAMP') {
    const timeFormat = timeFormatOf(path, format);
    return (written) => (written === null ? null : atField(path, () => readTime(written, timeFormat, path)));
  }
  return (written) => {
    if (valueType === 'BYTES' && format.findField && typeof written === 'string') {
      throw badInput(`The feature "${feature.name}" is BYTES, and ${describeValue(written)} is text.`, path);
    }
    return readFeatureValue(feature, written, () => path);
  };
}

function readValues(
  features: readonly MappedFeature[],
  find: (path: string) => unknown,
): ReadonlyMap<Feature, RawValue | null> {
  const values = new Map<Feature, RawValue | null>();
  for (const { feature, path, read } of features) {
    const written = find(path);
    if (written !== undefined) values.set(feature, read(written));
  }
  if (values.size === 0) throw badInput('The message has no value of any feature of the stream.');
  return values;
}

/** The value at a path; undefined when there is none. A field of null has no fields. */
function findValue(content: unknown, path: string): unknown {
  let value: unknown = content;
  for (const name of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Text and whole numbers have one form as text; a double has not. */
function readIdPart(value: unknown, path: string): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) return String(value);
  throw badInput(`An entity id is text or a whole number, and "${path}" is ${describeValue(value)}.`, path);
}

function readTime(value: unknown, format: TimeFormat, path: string): Instant {
  if (isEpochUnit(format)) {
    const count = toWhole(value);
    if (count !== undefined) return instantFromEpoch(count, format);
  } else if (format === 'RFC_3339') {
    if (typeof value === 'string') return parseInstant(value);
  } else {
    const { seconds, nanos } = isObject(value) ? value : {};
    const [whole, fraction] = [toWhole(seconds), toWhole(nanos)];
    if (whole !== undefined && fraction !== undefined && fraction >= 0n && fraction < 1_000_000_000n) {
      return instantFromEpoch(whole * 1_000_000_000n + fraction, 'EPOCH_NANOS');
    }
  }
  throw badInput(`The time "${path}" is declared as ${format}, and it is ${describeValue(value)}.`, path);
}

function toWhole(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** Names the path in the message, which a producer knows, in errors about its value. */
function atField<Result>(field: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) throw new AppError(error.code, error.message, { ...error.details, field });
    throw error;
  }
}
