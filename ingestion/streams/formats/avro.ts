import avro from 'avsc';
import type { TimeFormat } from '../../../datasources/registry/stream-settings.js';
import { AvroBytes } from './avro-bytes.js';
import { EPOCH_TIMES, type MessageFormat, type SchemaField } from './message-format.js';

/** Confluent's wire format: a zero byte and the id of the schema in four bytes. */
const CONFLUENT_HEADER_BYTES = 5;

type Read = (bytes: AvroBytes) => unknown;

/**
 * Reads Avro by the schema that the library parses. The values are read here, because the library's reader makes another
 * text of bytes that are not UTF-8, puts objects around the values of some unions, drops keys of maps that are twice or
 * `__proto__`, and has no 64-bit integers.
 */
export function avroFormat(schema: string, confluentHeader: boolean): MessageFormat {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema, { wrapUnions: true, logicalTypes: TIME_TYPES });
  const read = compile(type, new Map());
  return {
    decode: (data) => {
      if (confluentHeader && (data.length < CONFLUENT_HEADER_BYTES || data[0] !== 0)) {
        throw new Error('no header of Confluent');
      }
      const bytes = new AvroBytes(confluentHeader ? data.subarray(CONFLUENT_HEADER_BYTES) : data);
      const value = read(bytes);
      if (!bytes.isAtEnd) throw new Error('bytes after the value');
      return value;
    },
    findField: (path) => findField(type, path),
  };
}

/** A schema that contains itself has one reader, which is called by the time that it is known. */
function compile(type: avro.Type, known: Map<avro.Type, Read>): Read {
  const earlier = known.get(type);
  if (earlier) return earlier;
  known.set(type, (bytes) => known.get(type)!(bytes));
  const read = compileNew(type, (part) => compile(part, known));
  known.set(type, read);
  return read;
}

function compileNew(type: avro.Type, compilePart: (type: avro.Type) => Read): Read {
  if (type instanceof avro.types.LogicalType) return compilePart(type.underlyingType);
  if (type instanceof avro.types.RecordType) {
    const fields = type.fields.map((field) => [field.name, compilePart(field.type)] as const);
    return (bytes) => bytes.record(() => Object.fromEntries(fields.map(([name, read]) => [name, read(bytes)])));
  }
  if (isUnion(type)) {
    const branches = type.types.map(compilePart);
    return (bytes) => at(branches, bytes.int())(bytes);
  }
  if (type instanceof avro.types.EnumType) {
    const { symbols } = type;
    return (bytes) => at(symbols, bytes.int());
  }
  if (type instanceof avro.types.ArrayType) return readArray(compilePart(type.itemsType));
  if (type instanceof avro.types.MapType) return readMap(compilePart(type.valuesType as avro.Type));
  if (type instanceof avro.types.FixedType) {
    const { size } = type;
    return (bytes) => bytes.fixed(size);
  }
  const read = PRIMITIVES[type.typeName];
  if (!read) throw new Error(`it has the unknown type "${type.typeName}"`);
  return read;
}

const PRIMITIVES: Readonly<Record<string, Read>> = {
  null: () => null,
  boolean: (bytes) => bytes.boolean(),
  int: (bytes) => bytes.int(),
  long: (bytes) => bytes.long(),
  float: (bytes) => bytes.float(),
  double: (bytes) => bytes.double(),
  bytes: (bytes) => bytes.variable(),
  string: (bytes) => bytes.text(),
};

function readArray(read: Read): Read {
  return (bytes) => {
    const items: unknown[] = [];
    bytes.items(() => items.push(read(bytes)));
    return items;
  };
}

function readMap(read: Read): Read {
  return (bytes) => {
    const entries = new Map<string, unknown>();
    bytes.items(() => {
      const key = bytes.text();
      if (entries.has(key)) throw new Error('a map has the same key twice');
      entries.set(key, read(bytes));
    });
    return Object.fromEntries(entries);
  };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError('no such branch');
  return item;
}

function isUnion(type: avro.Type): type is avro.types.WrappedUnionType {
  return type.typeName.startsWith('union:');
}

/** A time of a schema. It is a whole number for the library. */
abstract class TimeType extends avro.types.LogicalType {
  abstract readonly time: TimeFormat | null;
  protected override _fromValue(value: unknown): unknown {
    return value;
  }
  protected override _toValue(value: unknown): unknown {
    return value;
  }
}

function timeType(time: TimeFormat | null): new (schema: avro.Schema) => TimeType {
  return class extends TimeType {
    override get time() {
      return time;
    }
  };
}

/** Days, times of a day, decimals and times without a time zone are numbers or bytes, and no instants. */
const TIME_TYPES = {
  'timestamp-millis': timeType('EPOCH_MILLIS'),
  'timestamp-micros': timeType('EPOCH_MICROS'),
  'timestamp-nanos': timeType('EPOCH_NANOS'),
  'local-timestamp-millis': timeType(null),
  'local-timestamp-micros': timeType(null),
  'local-timestamp-nanos': timeType(null),
  date: timeType(null),
  'time-millis': timeType(null),
  'time-micros': timeType(null),
};

interface AvroField extends SchemaField {
  readonly isNumber: boolean;
}

function findField(type: avro.Type, path: readonly string[]): AvroField | undefined {
  if (isUnion(type)) {
    const found = type.types.flatMap((branch) => findField(branch, path) ?? []);
    return found.length === 0 ? undefined : ofBranches(found);
  }
  const [name, ...rest] = path;
  if (name === undefined) return { times: timesOf(type), isNumber: isNumber(type) };
  if (type instanceof avro.types.RecordType) {
    const field = type.fields.find((each) => each.name === name);
    return field && findField(field.type, rest);
  }
  return type instanceof avro.types.MapType ? findField(type.valuesType as avro.Type, rest) : undefined;
}

/** A value does not say of which branch it is. So a number has only the units of all branches that have numbers. */
function ofBranches(branches: readonly AvroField[]): AvroField {
  const numbers = branches.filter((branch) => branch.isNumber);
  const shared = EPOCH_TIMES.filter((time) => numbers.every(({ times }) => times.includes(time)));
  const others = branches.flatMap(({ times }) => times.filter((time) => !EPOCH_TIMES.includes(time)));
  return { times: [...new Set([...(numbers.length > 0 ? shared : []), ...others])], isNumber: numbers.length > 0 };
}

function isNumber(type: avro.Type): boolean {
  return type instanceof TimeType || ['int', 'long', 'float', 'double'].includes(type.typeName);
}

function timesOf(type: avro.Type): readonly TimeFormat[] {
  if (type instanceof TimeType) return type.time === null ? [] : [type.time];
  if (type.typeName === 'int' || type.typeName === 'long') return EPOCH_TIMES;
  if (type.typeName === 'string') return ['RFC_3339'];
  return type instanceof avro.types.RecordType ? ['PROTOBUF_TIMESTAMP'] : [];
}
