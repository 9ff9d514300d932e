import protobuf from 'protobufjs';
import type { TimeFormat } from '../../../datasources/registry/stream-settings.js';
import { EPOCH_TIMES, type MessageFormat, type SchemaField } from './message-format.js';
import { readFields, type Fields } from './protobuf-fields.js';
import { toWhole } from './protobuf-scalars.js';

/**
 * Reads a Protobuf message by its schema text. Fields without presence have their defaults, as in every Protobuf
 * library; other absent fields are absent.
 */
export function protobufFormat(schema: string, messageType: string): MessageFormat {
  const type = parseProtobufSchema(schema).lookupType(messageType);
  return {
    decode: (data) => {
      const reader = protobuf.Reader.create(data);
      return toPlain(type, readFields(type, reader, reader.len));
    },
    findField: (path) => findField(type, path),
  };
}

/** A schema in one file. It may import what Protobuf itself brings, such as google/protobuf/timestamp.proto. */
export function parseProtobufSchema(schema: string): protobuf.Root {
  const { root, imports = [] } = protobuf.parse(schema, { keepCase: true });
  for (const file of imports) {
    const known = protobuf.common.get(file);
    if (!known) throw new Error(`it imports "${file}": write all messages in one file`);
    root.addJSON(known.nested ?? {});
  }
  root.resolveAll();
  return root;
}

function toPlain(type: protobuf.Type, fields: Fields): unknown {
  const entries: (readonly [string, unknown])[] = [];
  for (const field of type.fieldsArray) {
    if (fields.has(field)) entries.push([field.name, toPlainField(field, fields.get(field))]);
    else if (field.required) throw new Error('a required field is absent');
    else if (field.map) entries.push([field.name, {}]);
    else if (field.repeated) entries.push([field.name, []]);
    else if (!field.hasPresence && !(field.resolvedType instanceof protobuf.Type)) {
      entries.push([field.name, defaultOf(field)]);
    }
  }
  return Object.fromEntries(entries);
}

function toPlainField(field: protobuf.Field, value: unknown): unknown {
  const { resolvedType } = field;
  const toValue = (item: unknown): unknown =>
    resolvedType instanceof protobuf.Type ? toPlain(resolvedType, item as Fields) : item;
  if (field.repeated) return (value as readonly unknown[]).map(toValue);
  if (!field.map) return toValue(value);
  return Object.fromEntries([...(value as Fields)].map(([key, item]) => [key, toValue(item)]));
}

/** The zero of the type: a field without presence has no other default. */
function defaultOf({ resolvedType, typeDefault, bytes }: protobuf.Field): unknown {
  if (resolvedType instanceof protobuf.Enum) return resolvedType.valuesById[typeDefault as number];
  return bytes ? Buffer.alloc(0) : toWhole(typeDefault);
}

function findField(type: protobuf.Type, path: readonly string[]): SchemaField | undefined {
  const [name = '', ...rest] = path;
  if (!Object.hasOwn(type.fields, name)) return undefined;
  const field = type.fields[name]!;
  const parts = field.map ? rest.slice(1) : rest;
  const isWhole = field.repeated || (field.map && rest.length === 0);
  if (parts.length > 0) {
    return field.resolvedType instanceof protobuf.Type && !isWhole ? findField(field.resolvedType, parts) : undefined;
  }
  return { times: isWhole ? [] : timesOf(field) };
}

function timesOf({ resolvedType, type }: protobuf.Field): readonly TimeFormat[] {
  if (resolvedType instanceof protobuf.Type) {
    // A Duration has the fields of a Timestamp, and is no instant.
    return resolvedType.fullName === '.google.protobuf.Duration' ? [] : ['PROTOBUF_TIMESTAMP'];
  }
  if (type === 'string') return ['RFC_3339'];
  return /^(?:u?int|s?int|s?fixed)(?:32|64)$/.test(type) ? EPOCH_TIMES : [];
}
