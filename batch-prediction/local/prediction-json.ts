import { toClientValue } from '../../values/client-value.js';
import { isArrayValue, type RawValue, type StructValue, type ValueType } from '../../values/value-type.js';
import type { Prediction } from '../models/model-serving.js';

/** A prediction as JSON for the output files and for clients (values/client-value.ts); undeclared fields are written by their JavaScript types. */
export function predictionToJson(
  outputs: ReadonlyMap<string, ValueType>,
  prediction: Prediction,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(prediction).map(([name, value]) => {
      const valueType = outputs.get(name);
      return [name, valueType === undefined ? undeclaredToJson(value) : toJson(valueType, value)];
    }),
  );
}

export function toJson(valueType: ValueType, value: RawValue | null): unknown {
  return value === null ? null : toClientValue(valueType, value);
}

function undeclaredToJson(value: RawValue | null): unknown {
  if (value === null) return null;
  if (typeof value === 'bigint') return toClientValue('INT64', value);
  if (typeof value === 'number') return toClientValue('DOUBLE', value);
  if (value instanceof Uint8Array) return toClientValue('BYTES', value);
  if (isArrayValue(value)) return value.map(undeclaredToJson);
  return value satisfies boolean | string | StructValue;
}
