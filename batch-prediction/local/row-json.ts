import { toClientValue } from '../../values/client-value.js';
import type { RawValue, ValueType } from '../../values/value-type.js';
import type { Instance, Prediction } from '../models/model-serving.js';
import type { TypedName } from './checkpoint.js';

/** An instance as the JSON of the output files and of clients: values/client-value.ts. */
export function instanceToJson(columns: readonly TypedName[], instance: Instance): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ name, valueType }) => [name, toJson(valueType, instance[name] ?? null)]));
}

/** A prediction likewise; what the model did not declare is written as what it is in JavaScript. */
export function predictionToJson(
  outputs: ReadonlyMap<string, ValueType>,
  prediction: Prediction,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(prediction).map(([name, value]) => [
      name,
      toJson(outputs.get(name) ?? typeInJavaScript(value), value),
    ]),
  );
}

export function toJson(valueType: ValueType, value: RawValue | null): unknown {
  return value === null ? null : toClientValue(valueType, value);
}

function typeInJavaScript(value: RawValue | null): ValueType {
  if (typeof value === 'bigint') return 'INT64';
  if (typeof value === 'number') return 'DOUBLE';
  if (value instanceof Uint8Array) return 'BYTES';
  if (Array.isArray(value) && typeof value[0] === 'bigint') return 'INT64_ARRAY';
  if (Array.isArray(value) && typeof value[0] === 'number') return 'DOUBLE_ARRAY';
  return 'STRUCT';
}
