import { toElementType, type RawValue, type ValueType } from '../../../values/value-type.js';
import { ModelResponseFault, type PredictionFailure, type PredictionOutcome } from '../model-serving.js';
import { fieldPath } from './layout-fault.js';
import type { OutputField, OutputLayout } from './output-layout.js';
import type { Elements, TensorData } from './session-task.js';
import { fromElement, type Element, type ElementValueType, type Scalar } from './tensor-elements.js';

/** The values of one instance in a tensor. */
interface Values {
  readonly data: Elements;
  readonly from: number;
  readonly count: number;
}

/** Decodes the outcomes of one run. The tensors are in the order of the layouts. */
export function decodeOutputs(
  layouts: readonly OutputLayout[],
  tensors: readonly TensorData[],
  instances: number,
): PredictionOutcome[] {
  const counts = layouts.map((layout, index) => valuesEach(layout, tensors[index]!, instances));
  const fields = layouts
    .flatMap((layout, index) => layout.fields.map((field) => ({ layout, index, field })))
    .sort((one, other) => one.field.position - other.field.position);
  return Array.from({ length: instances }, (_, row) => {
    const prediction: [string, RawValue][] = [];
    for (const { layout, index, field } of fields) {
      const count = counts[index]!;
      const value = readField(layout, field, { data: tensors[index]!.data, from: row * count, count });
      if (value instanceof Misfit) return invalid(field, value);
      prediction.push([field.field.name, value]);
    }
    return { kind: 'prediction', prediction: Object.fromEntries(prediction) };
  });
}

/**
 * Returns the number of values per instance. If there are several instances, the first dimension other than 1 counts
 * them.
 */
export function valuesEach(layout: OutputLayout, { data, dims }: TensorData, instances: number): number {
  const count = data.length / instances;
  const rows = instances === 1 ? 1 : dims.find((size) => size !== 1);
  if (rows !== instances || !Number.isInteger(count)) {
    throw fault(layout, `has the shape [${dims.join(', ')}] for ${instances} instances`);
  }
  if (layout.width !== null && layout.width !== count) {
    throw fault(layout, `has ${count} values an instance; the registry names ${layout.width}`);
  }
  return count;
}

function fault({ name, fields }: OutputLayout, message: string): ModelResponseFault {
  return new ModelResponseFault(`The graph's output "${name}" ${message}.`, fieldPath('output', fields[0]!));
}

/** A value of the tensor that the output's type cannot represent. */
class Misfit {
  constructor(readonly element: Element) {}
}

function readField({ classes }: OutputLayout, { field, read }: OutputField, values: Values): RawValue | Misfit {
  const { data, from, count } = values;
  if (typeof read === 'object') return readElement(field.valueType, data[from + read.element]!);
  const elementType = read === 'classes' ? 'DOUBLE' : toElementType(field.valueType)!;
  const elements: Scalar[] = [];
  for (let index = 0; index < count; index += 1) {
    const value = readElement(elementType, data[from + index]!);
    if (value instanceof Misfit) return value;
    // A STRUCT is JSON, and JSON has no NaN.
    if (read === 'classes' && !Number.isFinite(value)) return new Misfit(data[from + index]!);
    elements.push(value);
  }
  if (read === 'array') return elements as unknown as RawValue;
  return Object.fromEntries(classes!.map((name, index) => [name, elements[index] as number]));
}

/** The layout permits only these types. */
function readElement(valueType: ValueType, element: Element): Scalar | Misfit {
  return fromElement(valueType as ElementValueType, element) ?? new Misfit(element);
}

function invalid({ field: { name, valueType } }: OutputField, { element }: Misfit): PredictionFailure {
  const message = `The prediction has ${String(element).slice(0, 40)} for "${name}", which is not a value of type ${valueType}.`;
  return { kind: 'failure', code: 'INVALID_PREDICTION', message };
}
