import { getFeature } from '../../datasources/registry/registry.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { AppError, badInput } from '../../errors/app-error.js';
import { canonicalEntityId } from '../../values/entity-id.js';
import { parseInstant, type Instant } from '../../values/instant.js';
import { toStruct } from '../../values/convert-value.js';
import { parseClientValue } from '../../values/parse-client-value.js';
import { toElementType, type RawValue, type ValueType } from '../../values/value-type.js';
import type { IncomingRow } from '../feature-writer.js';
import { describeValue } from './describe-value.js';
import { toRowValues } from './feature-orders.js';

const KEYS = ['entityId', 'timestamp', 'values'];
const SHAPE = '{"entityId": "…", "timestamp": "2001-03-07T14:00:00Z", "values": {"feature": value}}';

/**
 * Reads a row that a client wrote as JSON: `entityId`, `timestamp` (RFC 3339; null or absent for features of static
 * sources) and `values` by feature. Throws BAD_USER_INPUT or FEATURE_NOT_FOUND with the field at fault. The error for an unknown
 * feature lists those of `nameable`, which are those that the sender may know.
 */
export function readRow(
  entityType: EntityType,
  written: unknown,
  nameable: () => readonly Feature[] = () => entityType.features,
): IncomingRow {
  if (!isObject(written)) throw badInput(`A row is a JSON object such as ${SHAPE}.`);
  const unknown = Object.keys(written).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw badInput(`A row has no "${clip(unknown)}". It is a JSON object such as ${SHAPE}.`, clip(unknown));
  }
  const { entityId, timestamp, values } = written;
  if (!isObject(values)) throw badInput('"values" is an object with a value for each feature.', 'values');
  return {
    entityId: readEntityId(entityType, entityId),
    timestamp: readTimestamp(timestamp),
    values: readValues(entityType, Object.entries(values), nameable),
  };
}

/** An id is text: a number could lose its zeros or digits. */
export function readEntityId({ entityIdColumns }: EntityType, written: unknown): string {
  if (typeof written !== 'string') {
    throw badInput(`"entityId" is a string, not ${describeValue(written)}.`, 'entityId');
  }
  return canonicalEntityId(written, entityIdColumns);
}

function readTimestamp(written: unknown): Instant | null {
  if (written === undefined || written === null) return null;
  if (typeof written !== 'string') {
    throw badInput(
      `"timestamp" is an RFC 3339 instant such as "2001-03-07T14:00:00Z", not ${describeValue(written)}.`,
      'timestamp',
    );
  }
  try {
    return parseInstant(written);
  } catch (error) {
    throw badInput((error as Error).message, 'timestamp');
  }
}

/** null is a written null. */
function readValues(
  entityType: EntityType,
  entries: readonly (readonly [string, unknown])[],
  nameable: () => readonly Feature[],
): IncomingRow['values'] {
  if (entries.length === 0) throw badInput('"values" has no feature. Write at least one.', 'values');
  const features: Feature[] = [];
  const values: (RawValue | null)[] = [];
  for (const [name, written] of entries) {
    const feature =
      entityType.features.find((known) => known.name === name) ??
      getFeature(entityType, name, `values.${clip(name)}`, nameable());
    features.push(feature);
    values.push(readFeatureValue(feature, written, () => `values.${name}`));
  }
  return toRowValues(entityType, features, values);
}

/** The value of a feature; undefined for null and for what is not of its type, which `readFeatureValue` tells apart. */
export function parseFeatureValue({ valueType }: Feature, written: unknown): RawValue | undefined {
  return written === null || written === undefined ? undefined : parseClientValue(valueType, written);
}

/** The value of a feature; `nameField` names it in errors. */
export function readFeatureValue(feature: Feature, written: unknown, nameField: () => string): RawValue | null {
  if (written === null) return null;
  const value = parseClientValue(feature.valueType, written);
  if (value === undefined) {
    throw badInput(
      `The feature "${feature.name}" is ${feature.valueType}, and ${describeFault(feature.valueType, written)}.`,
      nameField(),
    );
  }
  return value;
}

function describeFault(valueType: ValueType, written: unknown): string {
  const element = toElementType(valueType);
  if (!element || !Array.isArray(written))
    return `${describeValue(written)} is not one${reasonFor(valueType, written)}`;
  const faulty = written.findIndex((item) => parseClientValue(element, item) === undefined);
  return `item ${faulty + 1} of the list is ${describeValue(written[faulty])}, which is no ${element}`;
}

/** Why a text of the right kind is no value of its type; empty where the type says it. */
function reasonFor(valueType: ValueType, written: unknown): string {
  if (typeof written !== 'string') return '';
  if (valueType === 'TIMESTAMP') {
    try {
      parseInstant(written);
    } catch (error) {
      return error instanceof AppError ? `: ${error.message.replace(/\.$/, '')}` : '';
    }
  }
  if (valueType === 'BYTES')
    return ': BYTES are base64 with its padding (RFC 4648), and without bits after the last byte';
  return valueType === 'STRING' ? ': it has half of a surrogate pair' : '';
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return toStruct(value) !== undefined;
}

function clip(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}
