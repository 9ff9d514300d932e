import { toClientValue } from '../../../values/client-value.js';
import {
  encodeWith,
  isArrayValue,
  type RawValue,
  type StructValue,
  type ValueEncoders,
  type ValueType,
} from '../../../values/value-type.js';
import type { Instance } from '../model-serving.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';

/**
 * The form of an instance for a server: the model's inputs in their types, and every other column unchanged; for a
 * server that takes lists, the inputs in order. An integer is a JSON number, or a string beyond 2^53, where a JSON
 * parser would change its last digits. BYTES are {"b64": ...}, as TensorFlow Serving and Vertex AI write them;
 * TIMESTAMP is RFC 3339. JSON has no NaN and no infinities, so they are the strings "NaN", "Infinity" and "-Infinity".
 */
export function toJson({ inputs, http }: Model, instance: Instance, values: readonly (RawValue | null)[]): object {
  const declared = inputs.map(({ valueType }, position) => {
    const value = values[position] ?? null;
    return value === null ? null : valueToJson(valueType, value);
  });
  if (http?.instances === 'ARRAY') return declared;
  const others = Object.entries(instance).map(([name, value]) => [name, value === null ? null : undeclared(value)]);
  return Object.fromEntries([...others, ...inputs.map(({ name }, position) => [name, declared[position]])]) as object;
}

const JSON_VALUES = {
  BOOL: (value) => value,
  BOOL_ARRAY: (value) => value,
  DOUBLE: (value) => toClientValue('DOUBLE', value),
  DOUBLE_ARRAY: (value) => toClientValue('DOUBLE_ARRAY', value),
  INT64: integer,
  INT64_ARRAY: (value) => value.map(integer),
  STRING: (value) => value,
  STRING_ARRAY: (value) => value,
  BYTES: base64,
  STRUCT: (value) => value,
  TIMESTAMP: (value) => toClientValue('TIMESTAMP', value),
} satisfies ValueEncoders<unknown>;

function valueToJson(valueType: ValueType, value: RawValue): unknown {
  return encodeWith<unknown>(JSON_VALUES, valueType, value);
}

/** For a column that the model does not name, only the value tells its type. */
function undeclared(value: RawValue): unknown {
  if (typeof value === 'bigint') return integer(value);
  if (typeof value === 'number') return toClientValue('DOUBLE', value);
  if (value instanceof Uint8Array) return base64(value);
  if (isArrayValue(value)) return value.map(undeclared);
  return value satisfies boolean | string | StructValue;
}

function base64(value: Uint8Array): object {
  return { b64: Buffer.from(value).toString('base64') };
}

function integer(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
