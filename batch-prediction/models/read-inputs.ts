import { convert } from '../../values/convert-value.js';
import type { RawValue } from '../../values/value-type.js';
import type { Instance, PredictionFailure } from './model-serving.js';
import type { Model, ModelField } from '../../datasources/registry/prediction-model.js';

export type Inputs =
  /** In the order of the model's inputs. A value is null only if the input is nullable. */
  { readonly kind: 'inputs'; readonly values: readonly (RawValue | null)[] } | PredictionFailure;

/**
 * Reads the model's inputs from an instance and converts each to its type. The failure names the input that is missing
 * or cannot be converted.
 */
export function readInputs({ inputs }: Model, instance: Instance): Inputs {
  const values: (RawValue | null)[] = [];
  for (const input of inputs) {
    const value = instance[input.name] ?? null;
    if (value !== null) {
      const converted = convert(input.valueType, value);
      if (converted === undefined) return invalidInput(input, `is not a value of type ${input.valueType}`);
      values.push(converted);
    } else if (input.default !== undefined) {
      values.push(input.default);
    } else if (input.nullable) {
      values.push(null);
    } else {
      return { kind: 'failure', code: 'MISSING_INPUT', message: `The input "${input.name}" is null or absent.` };
    }
  }
  return { kind: 'inputs', values };
}

export function invalidInput({ name }: ModelField, fault: string): PredictionFailure {
  return { kind: 'failure', code: 'INVALID_INPUT', message: `The input "${name}" ${fault}.` };
}
