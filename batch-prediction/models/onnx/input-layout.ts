import { toElementType } from '../../../values/value-type.js';
import type { AssignedTensor } from './assign-tensors.js';
import { fieldPath, LayoutFault, type PlacedField } from './layout-fault.js';
import { canBeElement, isTensorType, type TensorType } from './tensor-elements.js';

/** An input tensor of a graph, and the model's fields that it contains. */
export interface InputLayout {
  readonly name: string;
  readonly type: TensorType;
  /** Whether the first dimension counts the instances of a run. If not, a run has one instance. */
  readonly hasRows: boolean;
  /** The dimensions of one instance. A name is a dimension of any size: its size follows the length of an array. */
  readonly rowShape: Shape;
  /** One array field, or any number of scalar fields. */
  readonly fields: readonly PlacedField[];
  readonly isArray: boolean;
}

type Shape = readonly (number | string)[];

/** The advice on how to export a graph that accepts any number of instances per run. */
const EXPORTERS =
  'Export it with a first dimension of any size (skl2onnx and onnxmltools: FloatTensorType([None, n]); PyTorch: ' +
  'dynamic_shapes, or dynamic_axes; tf2onnx: a signature with None), or of 1: it then runs instance by instance';

/**
 * Determines how to write the instances into an input tensor of the graph. Throws a LayoutFault if that is impossible.
 */
export function layoutInput({ value: { name, type, shape }, fields }: AssignedTensor): InputLayout {
  const where = `the graph's input "${name}"`;
  const fault = (message: string, at: PlacedField = fields[0]!): LayoutFault =>
    new LayoutFault([{ path: fieldPath('input', at), message: `${message}.` }]);
  if (type === null) throw fault(`${where} is a sequence or a map; only tensors can be given to a graph`);
  if (!isTensorType(type)) throw fault(`${where} has elements of type ${type}, which the gateway cannot write`);
  for (const one of fields) {
    const { name: field, valueType, nullable } = one.field;
    const elementType = toElementType(valueType);
    if (elementType && fields.length > 1) {
      throw fault(
        `"${field}" is ${valueType}, and an array is alone in its tensor, but ${where} has several inputs`,
        one,
      );
    }
    if (!canBeElement(elementType ?? valueType, type)) {
      throw fault(`"${field}" is ${valueType}, which ${where} of type ${type} cannot hold`, one);
    }
    if (nullable && !(valueType === 'DOUBLE' && type.startsWith('float'))) {
      throw fault(`"${field}" is nullable, but only a DOUBLE has NaN for a missing value; give it a default`, one);
    }
  }
  const isArray = toElementType(fields[0]!.field.valueType) !== undefined;
  const { hasRows, rowShape } = findRows(shape, fields.length, isArray, (message) => fault(`${where} ${message}`));
  const fitted = fitRow(rowShape, fields.length, isArray, (message) => fault(`${where} ${message}`));
  return { name, type, hasRows, rowShape: fitted, fields, isArray };
}

/** Finds the dimensions of one instance. */
function findRows(
  shape: Shape,
  values: number,
  isArray: boolean,
  fault: (message: string) => LayoutFault,
): Pick<InputLayout, 'hasRows' | 'rowShape'> {
  const [first, ...others] = shape;
  if (typeof first === 'string') {
    // If an array is the only field and the tensor has one dimension, that dimension is the array's. No dimension
    // counts the instances.
    return isArray && others.length === 0 ? { hasRows: false, rowShape: shape } : { hasRows: true, rowShape: others };
  }
  if (first === undefined || first === 1) return { hasRows: false, rowShape: shape };
  const long = shape.filter((size) => size !== 1);
  if (long.length === 1 && (isArray || values === first)) return { hasRows: false, rowShape: shape };
  if (long.length === 1 && values > 1) throw fault(`has ${first} values; the registry names ${values}`);
  throw fault(`takes exactly ${first} instances at once. ${EXPORTERS}`);
}

/** Returns the shape of an instance, with a size for each dimension that does not follow the length of an array. */
function fitRow(rowShape: Shape, values: number, isArray: boolean, fault: (message: string) => LayoutFault): Shape {
  const names = rowShape.filter((size) => typeof size === 'string');
  if (names.length > 1) {
    throw fault(`has ${names.length} dimensions of any size for one instance; it can have one`);
  }
  if (isArray) {
    if (rowShape.length === 0) throw fault('has one value an instance; the registry names an array');
    return rowShape;
  }
  const fixed = sizeOf(rowShape);
  if (names.length === 0 ? values !== fixed : values % fixed !== 0) {
    throw fault(`has ${fixed} values an instance; the registry names ${values}`);
  }
  return rowShape.map((size) => (typeof size === 'string' ? values / fixed : size));
}

/** The number of elements in the dimensions that have a size. */
export function sizeOf(shape: Shape): number {
  return shape.reduce<number>((product, size) => (typeof size === 'number' ? product * size : product), 1);
}
