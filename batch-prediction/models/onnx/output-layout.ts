import { toElementType } from '../../../values/value-type.js';
import type { AssignedTensor } from './assign-tensors.js';
import { fieldPath, LayoutFault, type PlacedField } from './layout-fault.js';
import { canBeElement, isTensorType, type TensorType } from './tensor-elements.js';

/** An output tensor of a graph, and the fields of the model that are read from it. */
export interface OutputLayout {
  readonly name: string;
  readonly type: TensorType;
  readonly fields: readonly OutputField[];
  /** The classes of an instance's values, in order; null if the graph does not name them. */
  readonly classes: readonly string[] | null;
  /**
   * The number of values per instance; null for an array of any length. The shape that the graph declares is only a
   * hint and is not used.
   */
  readonly width: number | null;
}

export interface OutputField extends PlacedField {
  /** `element`: one value of an instance. `array`: all values. `classes`: all values, by the names of the classes. */
  readonly read: 'array' | 'classes' | { readonly element: number };
}

/**
 * Determines how to read predictions from an output tensor. Throws a LayoutFault if that is impossible. `classes` are
 * the classes of a ZipMap that its tensor replaced (graph-file.ts).
 */
export function layoutOutput({ value, fields }: AssignedTensor, classes: readonly string[] | null): OutputLayout {
  const { name, type } = value;
  const where = `the graph's output "${name}"`;
  const fault = (message: string, at: PlacedField = fields[0]!): LayoutFault =>
    new LayoutFault([{ path: fieldPath('output', at), message: `${message}.` }]);
  if (type === null) {
    throw fault(
      `${where} is a sequence or a map; tensors are read, and a ZipMap as the tensor that goes into it. ` +
        'Export it as a tensor, or leave the output out',
    );
  }
  if (!isTensorType(type)) throw fault(`${where} has elements of type ${type}, which the gateway cannot read`);
  let columns = 0;
  const read = fields.map((placed): OutputField => {
    const { name: field, valueType, class: ofClass } = placed.field;
    const elementType = toElementType(valueType);
    if (valueType === 'STRUCT' && classes && canBeElement('DOUBLE', type)) return { ...placed, read: 'classes' };
    if (!canBeElement(elementType ?? valueType, type)) {
      throw fault(`"${field}" is ${valueType}, which ${where} of type ${type} cannot be`, placed);
    }
    if (ofClass !== undefined)
      return { ...placed, read: { element: classIndex(ofClass, classes, where, placed, fault) } };
    if (elementType) return { ...placed, read: 'array' };
    columns += 1;
    return { ...placed, read: { element: columns - 1 } };
  });
  if (classes && columns > 0 && columns !== classes.length) {
    throw fault(
      `${where} has ${classes.length} values an instance, of the classes ${listed(classes)}; the registry names ${columns}`,
    );
  }
  return { name, type, fields: read, classes, width: classes?.length ?? (columns > 0 ? columns : null) };
}

function classIndex(
  ofClass: string,
  classes: readonly string[] | null,
  where: string,
  placed: PlacedField,
  fault: (message: string, at: PlacedField) => LayoutFault,
): number {
  if (!classes) throw fault(`${where} does not name its classes; name its values in order with "columns"`, placed);
  const index = classes.indexOf(ofClass);
  if (index < 0) throw fault(`${where} has no class "${ofClass}", only ${listed(classes)}`, placed);
  return index;
}

/** Shortens the list, because a classifier may have thousands of classes. */
function listed(classes: readonly string[]): string {
  return classes.length > 20
    ? `${classes.slice(0, 20).join(', ')} and ${classes.length - 20} more`
    : classes.join(', ');
}
