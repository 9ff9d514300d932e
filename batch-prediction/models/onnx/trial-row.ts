import type { Model, ModelField } from '../../../datasources/registry/prediction-model.js';
import { toElementType, type RawValue } from '../../../values/value-type.js';
import type { Row } from './encode-instances.js';
import { sizeOf, type InputLayout } from './input-layout.js';
import { zero, type Scalar } from './tensor-elements.js';

/**
 * Makes an instance of defaults, missing values and zeros. The trial run of a graph uses it before any client has sent
 * instances.
 */
export function trialRow({ inputs }: Model, layouts: readonly InputLayout[]): Row {
  return inputs.map((field, position) => {
    const layout = layouts.find(({ fields }) => fields.some((placed) => placed.position === position));
    return trialValue(field, layout ? sizeOf(layout.rowShape) : 1);
  });
}

function trialValue({ valueType, default: value, nullable }: ModelField, length: number): RawValue | null {
  if (value !== undefined) return value;
  if (nullable) return null;
  const elementType = toElementType(valueType);
  return elementType ? (new Array<Scalar>(length).fill(zero(elementType)) as unknown as RawValue) : zero(valueType);
}
