import { toClientValue } from '../../../values/client-value.js';
import { toElementType, type RawValue, type ValueType } from '../../../values/value-type.js';
import type { Instance } from '../model-serving.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';

/**
 * An instance as a server gets it: the model's inputs in their types, and every other column as it is; or for a server that
 * takes lists, the inputs in order. An integer is a JSON number, or a string when it is beyond 2^53, where a reader of JSON
 * would change its last digits. BYTES are {"b64": ...}, as TensorFlow Serving and Vertex AI write them; TIMESTAMP is RFC
 * 3339; NaN and the infinities, which JSON does not have, are the strings "NaN", "Infinity" and "-Infinity".
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
function valueToJson(valueType: ValueType, value: RawValue): unknown {
  const elementType = toElementType(valueType);
  if (elementType === 'INT64') return (value as readonly bigint[]).map(integer);
  if (valueType === 'INT64') return integer(value as bigint);
  if (valueType === 'BYTES') return { b64: Buffer.from(value as Uint8Array).toString('base64') };
  return toClientValue(valueType, value);
}

/** Of a column the model does not name, the value alone says what it is. */
function undeclared(value: RawValue): unknown {
  if (typeof value === 'bigint') return integer(value);
  if (typeof value === 'number') return toClientValue('DOUBLE', value);
  if (value instanceof Uint8Array) return valueToJson('BYTES', value);
  return Array.isArray(value) ? value.map((element: RawValue) => undeclared(element)) : value;
}

function integer(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
