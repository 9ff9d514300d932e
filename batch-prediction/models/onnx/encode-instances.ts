import { toElementType, type RawValue } from '../../../values/value-type.js';
import { invalidInput } from '../read-inputs.js';
import type { PredictionFailure } from '../model-serving.js';
import { sizeOf, type InputLayout } from './input-layout.js';
import type { PlacedField } from './layout-fault.js';
import type { TensorData } from './session-task.js';
import { makeElements, toElement, type Element, type Scalar } from './tensor-elements.js';

/** The inputs of an instance, in the order of the model; null is a missing value. */
export type Row = readonly (RawValue | null)[];

/** The elements and the shape that an instance adds to each input tensor. */
export interface EncodedInstance {
  readonly kind: 'encoded';
  readonly tensors: readonly { readonly elements: readonly Element[]; readonly shape: readonly number[] }[];
}

/**
 * Encodes an instance in the types of the graph. It fails if a tensor cannot hold a value: the registry's types permit
 * more values than a tensor.
 */
export function encodeInstance(layouts: readonly InputLayout[], row: Row): EncodedInstance | PredictionFailure {
  const tensors: { elements: readonly Element[]; shape: readonly number[] }[] = [];
  const sizes = new Map<string, { readonly size: number; readonly field: string }>();
  for (const layout of layouts) {
    const elements: Element[] = [];
    for (const placed of layout.fields) {
      const fault = addElements(layout, placed, row[placed.position]!, elements);
      if (fault) return fault;
    }
    const { field } = layout.fields[0]!;
    const fixed = sizeOf(layout.rowShape);
    const name = layout.rowShape.find((size) => typeof size === 'string');
    const size = elements.length / fixed;
    if (name === undefined ? size !== 1 : !Number.isInteger(size)) {
      const wanted = name === undefined ? `${fixed}` : `a multiple of ${fixed}`;
      return invalidInput(field, `has ${elements.length} elements; the model takes ${wanted}`);
    }
    // Arrays whose dimensions have the same name in the graph (ids and their mask) must have the same length.
    const other = name === undefined || name === '' ? undefined : sizes.get(name);
    if (other && other.size !== size) {
      return invalidInput(
        field,
        `has ${elements.length} elements and "${other.field}" has ${other.size}; the model takes them of one length`,
      );
    }
    if (name !== undefined) sizes.set(name, { size, field: field.name });
    tensors.push({ elements, shape: layout.rowShape.map((own) => (typeof own === 'string' ? size : own)) });
  }
  return { kind: 'encoded', tensors };
}

function addElements(
  { type }: InputLayout,
  { field }: PlacedField,
  value: RawValue | null,
  elements: Element[],
): PredictionFailure | undefined {
  const values = toElementType(field.valueType) ? (value as readonly Scalar[]) : [value as Scalar | null];
  for (const one of values) {
    const element = toElement(type, one);
    if (element === undefined)
      return invalidInput(field, `has ${printValue(one)}, which the model's ${type} cannot hold exactly`);
    elements.push(element);
  }
  return undefined;
}

/** A client's text may have any length, so it is cut. */
function printValue(value: Scalar | null): string {
  return String(value).slice(0, 40);
}

/**
 * Groups the instances, by their indexes, into runs of the graph. An input tensor without a dimension for instances
 * permits one instance per run. But instances with the same single value of such an input (a threshold, for example)
 * share a run. Arrays of different lengths cannot be rows of one tensor.
 */
export function groupRuns(layouts: readonly InputLayout[], instances: readonly EncodedInstance[]): number[][] {
  const keyed = layouts.map((layout) => !layout.hasRows || layout.rowShape.some((size) => typeof size === 'string'));
  if (!keyed.includes(true)) return instances.length === 0 ? [] : [instances.map((_, index) => index)];
  const groups = new Map<string, number[]>();
  for (const [index, { tensors }] of instances.entries()) {
    const key = tensors.flatMap(({ elements, shape }, tensor) => {
      const { hasRows, rowShape } = layouts[tensor]!;
      if (hasRows) return [shape.join('x')];
      return rowShape.length === 0 ? [String(elements[0])] : [`instance ${index}`];
    });
    const group = JSON.stringify(key);
    groups.set(group, [...(groups.get(group) ?? []), index]);
  }
  return [...groups.values()];
}

/** Makes the input tensors of one run. */
export function toTensors(layouts: readonly InputLayout[], instances: readonly EncodedInstance[]): TensorData[] {
  return layouts.map(({ name, type, hasRows }, tensor) => {
    const { elements, shape } = instances[0]!.tensors[tensor]!;
    const rows = hasRows ? instances.length : 1;
    const data = makeElements(type, rows * elements.length);
    for (let row = 0; row < rows; row += 1) {
      const own = instances[row]!.tensors[tensor]!.elements;
      for (let index = 0; index < own.length; index += 1) data[row * own.length + index] = own[index] as never;
    }
    return { name, type, data, dims: hasRows ? [rows, ...shape] : [...shape] };
  });
}
