import protobuf from 'protobufjs';
import { MAX_DEPTH } from './message-format.js';
import { basicWireType, readEnd, readScalar, readUint32, scalarOf, WIRE, wireTypeOf } from './protobuf-scalars.js';

/** The fields of a message that are on the wire, by field; the entries of a map by the text of their key. */
export type Fields = Map<unknown, unknown>;

/**
 * Reads the fields of a message up to `end`, or up to the end of its group. The library's own reader takes a field for what
 * the schema says, whatever is on the wire: a producer whose schema has another type would write other values without an
 * error. It also keeps several fields of a oneof, and only the last part of a message that comes in parts.
 */
export function readFields(
  type: protobuf.Type,
  reader: protobuf.Reader,
  end: number,
  group?: number,
  fields: Fields = new Map(),
  depth = 0,
): Fields {
  if (depth > MAX_DEPTH) throw new RangeError('too many messages in one another');
  while (reader.pos < end) {
    const tag = readUint32(reader);
    const [id, wireType] = [tag >>> 3, tag & 7];
    if (wireType === WIRE.END_GROUP && id === group) return fields;
    if (id === 0) throw new RangeError('no number of a field');
    const field = type.fieldsById[id];
    if (field) readField(field, wireType, reader, fields, depth);
    else reader.skipType(wireType);
  }
  if (reader.pos !== end || group !== undefined) throw new RangeError('no end of a message');
  return fields;
}

function readField(
  field: protobuf.Field,
  wireType: number,
  reader: protobuf.Reader,
  fields: Fields,
  depth: number,
): void {
  if (wireType === WIRE.BYTES && isPackable(field)) {
    const items = listOf(field, fields);
    const end = readEnd(reader);
    while (reader.pos < end) items.push(readItem(field, reader, depth));
    if (reader.pos !== end) throw new RangeError('no end of a list');
    return;
  }
  if (wireType !== wireTypeOf(field)) throw new Error('another type than that of the schema');
  if (field instanceof protobuf.MapField) {
    const entries = (fields.get(field) ?? new Map()) as Fields;
    fields.set(field, entries.set(...readEntry(field, reader, depth)));
  } else if (field.repeated) listOf(field, fields).push(readItem(field, reader, depth));
  else {
    for (const other of field.partOf?.fieldsArray ?? []) if (other !== field) fields.delete(other);
    fields.set(field, readItem(field, reader, depth, fields.get(field) as Fields | undefined));
  }
}

/** Whether several values can be one part: numbers, also where the schema says that they are not packed. */
function isPackable(field: protobuf.Field): boolean {
  const wireType = wireTypeOf(field);
  return field.repeated && wireType !== WIRE.BYTES && wireType !== WIRE.START_GROUP;
}

/** A field, or the values of a map. */
type ValueField = Pick<protobuf.FieldBase, 'resolvedType' | 'type' | 'id'> & { readonly delimited?: boolean };

/** `earlier` has what an earlier part of the same message had. */
function readItem(field: ValueField, reader: protobuf.Reader, depth: number, earlier?: Fields): unknown {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) {
    const [end, group] = field.delimited === true ? [reader.len, field.id] : [readEnd(reader), undefined];
    return readFields(resolvedType, reader, end, group, earlier, depth + 1);
  }
  const value = readScalar(scalarOf(field), reader);
  // A value that the schema does not name stays a number.
  return resolvedType ? (resolvedType.valuesById[value as number] ?? value) : value;
}

function readEntry(field: protobuf.MapField, reader: protobuf.Reader, depth: number): [string, unknown] {
  const end = readEnd(reader);
  let key: unknown = field.keyType === 'string' ? '' : field.keyType === 'bool' ? false : 0;
  let value: unknown;
  // Without `delimited`, which the schema can say of the field: the value of an entry has a length all the same.
  const item: ValueField = { resolvedType: field.resolvedType, type: field.type, id: field.id };
  const isMessage = field.resolvedType instanceof protobuf.Type;
  const valueWireType = isMessage ? WIRE.BYTES : basicWireType(scalarOf(field));
  while (reader.pos < end) {
    const tag = readUint32(reader);
    const [id, wireType] = [tag >>> 3, tag & 7];
    if (id === 0) throw new RangeError('no number of a field');
    if (id > 2) reader.skipType(wireType);
    else if (wireType !== (id === 1 ? basicWireType(field.keyType) : valueWireType)) {
      throw new Error('another type than that of the schema');
    } else if (id === 1) key = readScalar(field.keyType, reader);
    else value = readItem(item, reader, depth);
  }
  if (reader.pos !== end) throw new RangeError('no end of an entry');
  return [String(key), value ?? absentValue(field)];
}

/** An entry without a value has the default of its type. */
function absentValue(field: protobuf.MapField): unknown {
  if (field.resolvedType instanceof protobuf.Type) return new Map();
  if (field.resolvedType) return field.resolvedType.valuesById[0] ?? 0;
  return readScalar(field.type, protobuf.Reader.create(new Uint8Array(8)));
}

function listOf(field: protobuf.Field, fields: Fields): unknown[] {
  const items = (fields.get(field) ?? []) as unknown[];
  fields.set(field, items);
  return items;
}
