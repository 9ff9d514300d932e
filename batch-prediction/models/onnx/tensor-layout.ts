import { toElementType, type ValueType } from '../../../values/value-type.js';
import type { ModelField } from '../../../datasources/registry/prediction-model.js';
import type { GraphValue } from './session-task.js';

/** A tensor of a graph and the fields of the model that are its columns; its rows are instances. */
export interface TensorLayout {
  readonly name: string;
  readonly type: TensorType;
  /** Elements a row. */
  readonly width: number;
  /** 1: a row has no dimension of its own. */
  readonly rank: 1 | 2;
  readonly columns: readonly TensorColumn[];
}

export interface TensorColumn {
  readonly field: ModelField;
  /** The place of the field among the inputs or outputs of the model. */
  readonly position: number;
  readonly offset: number;
  /** More than 1 for a value that is an array. */
  readonly width: number;
}

/** Which tensors can hold a value of a type. */
const TENSOR_TYPES: Readonly<Partial<Record<ValueType, readonly TensorType[]>>> = {
  BOOL: ['bool', 'float32', 'float64', 'int32', 'int64'],
  INT64: ['int64', 'int32', 'float32', 'float64'],
  DOUBLE: ['float32', 'float64'],
  STRING: ['string'],
};
export type TensorType = 'bool' | 'float32' | 'float64' | 'int32' | 'int64' | 'string';

/**
 * How the fields of a model are the tensors of its graph: one tensor a field, by name, or one tensor of all fields in
 * order. Throws a LayoutFault when neither fits. `side` says which end of the graph, for the message.
 */
export function layoutTensors(
  side: 'input' | 'output',
  fields: readonly ModelField[],
  graph: readonly GraphValue[],
): TensorLayout[] {
  const named = fields.map(({ name }) => graph.find((value) => value.name === name));
  if (named.every((value) => value !== undefined)) {
    const rest = graph.filter((value) => !named.includes(value));
    if (side === 'input' && rest.length > 0) {
      throw new LayoutFault(`the graph wants more inputs: ${joinNames(rest)}`);
    }
    return named.map((value, position) => layout(side, value, [{ field: fields[position]!, position }]));
  }
  const [only, ...others] = graph;
  if (only && others.length === 0) {
    return [
      layout(
        side,
        only,
        fields.map((field, position) => ({ field, position })),
      ),
    ];
  }
  throw new LayoutFault(`its ${side}s are ${joinNames(fields)}, those of the graph are ${joinNames(graph)}`);
}

/** What of the registry's entry and the graph does not fit together, for the operator to read. */
export class LayoutFault extends Error {
  override readonly name = 'LayoutFault';
}

function layout(
  side: string,
  { name, type, shape }: GraphValue,
  fields: readonly { readonly field: ModelField; readonly position: number }[],
): TensorLayout {
  const where = `the graph's ${side} "${name}"`;
  const [rows, row = 1, ...further] = shape;
  if (type === 'no tensor') throw new LayoutFault(`${where} is no tensor`);
  if (rows === undefined || further.length > 0) {
    throw new LayoutFault(`${where} has ${shape.length} dimensions; it can have one (instances) or two (and values)`);
  }
  if (typeof rows === 'number') {
    throw new LayoutFault(
      `${where} takes exactly ${rows} instances at once; export it with a first dimension of any size`,
    );
  }
  const isArray = fields.length === 1 && toElementType(fields[0]!.field.valueType) !== undefined;
  if (isArray && typeof row !== 'number') throw new LayoutFault(`${where} has arrays of no fixed length`);
  const width = typeof row === 'number' ? row : fields.length;
  if (!isArray && width !== fields.length) {
    throw new LayoutFault(`${where} has ${width} values an instance; the registry names ${fields.length}`);
  }
  for (const { field } of fields) checkType(where, type, field, isArray);
  return {
    name,
    type: type as TensorType,
    width,
    rank: shape.length === 1 ? 1 : 2,
    columns: fields.map((field, offset) => ({ ...field, offset, width: isArray ? width : 1 })),
  };
}

function checkType(where: string, type: string, { name, valueType, nullable }: ModelField, isArray: boolean): void {
  const elementType = isArray ? toElementType(valueType)! : valueType;
  if (!TENSOR_TYPES[elementType]?.includes(type as TensorType)) {
    throw new LayoutFault(`"${name}" is ${valueType}, which ${where} of type ${type} cannot hold`);
  }
  if (nullable && (elementType !== 'DOUBLE' || isArray)) {
    throw new LayoutFault(`"${name}" is nullable, but only a DOUBLE has NaN for a missing value; give it a default`);
  }
}

function joinNames(values: readonly { readonly name: string }[]): string {
  return values.map(({ name }) => name).join(', ');
}
