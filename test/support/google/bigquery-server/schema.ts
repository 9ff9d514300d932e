import type { SqlType, SqlValue } from '../googlesql/evaluator.js';
import { RESERVED_COLUMN_PREFIXES } from '../limits.js';
import { checkFields, invalid, required } from './api-error.js';

/** A column as the REST API describes it. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly mode: 'NULLABLE' | 'REQUIRED' | 'REPEATED';
  readonly fields?: readonly Field[];
}

/** The API answers with the legacy names, whichever were sent. */
const LEGACY_NAMES: Readonly<Record<string, string>> = {
  BOOL: 'BOOLEAN',
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  STRUCT: 'RECORD',
};

const KINDS: Readonly<Record<string, string>> = {
  BOOLEAN: 'TYPE_BOOL',
  INTEGER: 'TYPE_INT64',
  FLOAT: 'TYPE_DOUBLE',
  STRING: 'TYPE_STRING',
  BYTES: 'TYPE_BYTES',
  TIMESTAMP: 'TYPE_TIMESTAMP',
  JSON: 'TYPE_JSON',
  DATE: 'TYPE_DATE',
  NUMERIC: 'TYPE_NUMERIC',
  BIGNUMERIC: 'TYPE_BIGNUMERIC',
};
const TYPES = Object.fromEntries(Object.entries(KINDS).map(([type, kind]) => [kind, type]));

export function readField(input: unknown, at: string): Field {
  const { name, type, mode, fields } = checkFields(input, ['name', 'type', 'mode', 'fields', 'description'], at);
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,299}$/.test(String(required(name, `${at}.name`))))
    throw invalid(`Invalid field name "${name}".`);
  if (RESERVED_COLUMN_PREFIXES.some((prefix) => String(name).toUpperCase().startsWith(prefix)))
    throw invalid(`Invalid field name "${name}". Field names are not allowed to start with the prefix.`);
  const legacy = LEGACY_NAMES[type] ?? type;
  if (legacy !== 'RECORD' && !KINDS[legacy]) throw invalid(`Invalid value for type: ${type} is not a valid value`);
  return {
    name,
    type: legacy,
    mode: mode ?? 'NULLABLE',
    ...(legacy === 'RECORD'
      ? { fields: (required(fields, `${at}.fields`) as unknown[]).map((field) => readField(field, at)) }
      : {}),
  };
}

export function typeOfField(field: Field): SqlType {
  const type: SqlType =
    field.type === 'RECORD'
      ? {
          type_kind: 'TYPE_STRUCT',
          struct_type: {
            field: field.fields!.map((inner) => ({ field_name: inner.name, field_type: typeOfField(inner) })),
          },
        }
      : { type_kind: KINDS[field.type]! };
  return field.mode === 'REPEATED' ? { type_kind: 'TYPE_ARRAY', array_type: { element_type: type } } : type;
}

export function fieldOfType(name: string, type: SqlType): Field {
  if (type.array_type) return { ...fieldOfType(name, type.array_type.element_type), mode: 'REPEATED' };
  if (type.struct_type) {
    const fields = type.struct_type.field.map((field) => fieldOfType(field.field_name, field.field_type));
    return { name, type: 'RECORD', mode: 'NULLABLE', fields };
  }
  return { name, type: TYPES[type.type_kind]!, mode: 'NULLABLE' };
}

/** A value of a result as `v` of a row: text for all scalars, and an array is never null. */
export function toRest(value: SqlValue, field: Field, useInt64Timestamp: boolean): unknown {
  if (field.mode === 'REPEATED') {
    const element = { ...field, mode: 'NULLABLE' } as const;
    return (value.array_value?.element ?? []).map((item) => ({ v: toRest(item, element, useInt64Timestamp) }));
  }
  const fields = value.struct_value?.field;
  if (fields)
    return { f: fields.map((item, index) => ({ v: toRest(item, field.fields![index]!, useInt64Timestamp) })) };
  if (value.bool_value !== undefined) return String(value.bool_value);
  if (value.double_value !== undefined) return floatText(value.double_value);
  if (value.bytes_value !== undefined) return value.bytes_value.toString('base64');
  if (value.timestamp_value !== undefined) {
    const micros = readMicros(value);
    // What the API does when the request does not say otherwise: seconds as a float, which cannot hold the microseconds of far years.
    return useInt64Timestamp ? micros.toString() : (Number(micros) / 1e6).toExponential().replace('e+', 'E');
  }
  if (value.date_value !== undefined) return new Date(value.date_value * 86_400_000).toISOString().slice(0, 10);
  if (value.numeric_value !== undefined) return decodeDecimal(value.numeric_value, NUMERIC_SCALE);
  if (value.bignumeric_value !== undefined) return decodeDecimal(value.bignumeric_value, BIGNUMERIC_SCALE);
  return value.int64_value ?? value.string_value ?? value.json_value ?? null;
}

export const NUMERIC_SCALE = 9;
export const BIGNUMERIC_SCALE = 38;

/** GoogleSQL's encoding of decimals: the digits at the scale of the type, two's complement, little end first. */
export function encodeDecimal(unscaled: bigint): Buffer {
  const bytes: number[] = [];
  let rest = unscaled;
  do {
    bytes.push(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
  } while (!((rest === 0n && bytes.at(-1)! < 128) || (rest === -1n && bytes.at(-1)! >= 128)));
  return Buffer.from(bytes);
}

/** As the API writes decimals: no zeros at the end. */
function decodeDecimal(bytes: Buffer, scale: number): string {
  let value = 0n;
  for (const byte of [...bytes].reverse()) value = (value << 8n) | BigInt(byte);
  value = BigInt.asIntN(bytes.length * 8, value);
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const fraction = digits.slice(-scale).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}${fraction === '' ? '' : `.${fraction}`}`;
}

export function readMicros({ timestamp_value }: SqlValue): bigint {
  return BigInt(timestamp_value?.seconds ?? 0) * 1_000_000n + BigInt(timestamp_value?.nanos ?? 0) / 1000n;
}

function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  return value.toString().replace('e+', 'E').replace('e', 'E');
}

/** The text of a scalar, in a parameter or a row of insertAll, as a value of the type; an Error says what is wrong. */
export function parseScalar(kind: string, input: unknown): SqlValue {
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  switch (kind) {
    case 'TYPE_STRING':
      return { string_value: text };
    case 'TYPE_INT64':
      if (!/^[-+]?\d+$/.test(text) || BigInt(text) !== BigInt.asIntN(64, BigInt(text))) {
        throw invalid(`Cannot convert value to integer (bad value): ${text}`);
      }
      return { int64_value: text };
    case 'TYPE_BOOL':
      if (!/^(true|false)$/i.test(text)) throw invalid(`Cannot convert value to boolean (bad value): ${text}`);
      return { bool_value: text.toLowerCase() === 'true' };
    case 'TYPE_DOUBLE': {
      if (/^[-+]?inf(inity)?$/i.test(text)) return { double_value: text.startsWith('-') ? -Infinity : Infinity };
      const number = Number(text);
      if (text === '' || (Number.isNaN(number) && !/^nan$/i.test(text))) {
        throw invalid(`Cannot convert value to floating point (bad value): ${text}`);
      }
      return { double_value: number };
    }
    case 'TYPE_BYTES':
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalid('Could not decode base64 string to bytes.');
      return { bytes_value: Buffer.from(text, 'base64') };
    case 'TYPE_JSON':
      if (typeof input !== 'string') throw invalid('A JSON column takes its text.');
      JSON.parse(input);
      return { json_value: input };
    case 'TYPE_TIMESTAMP':
      return timestampValue(text);
    default:
      throw invalid(`${kind} is not supported`);
  }
}

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|\+00(?::00)?| UTC)$/;

function timestampValue(text: string): SqlValue {
  const match = TIMESTAMP.exec(text);
  if (!match)
    throw invalid(`Could not parse '${text}' as a timestamp. Required format is YYYY-MM-DD HH:MM[:SS[.SSSSSS]]`);
  const seconds = Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}Z`) / 1000;
  return { timestamp_value: { seconds: String(seconds), nanos: Number((match[7] ?? '').padEnd(6, '0')) * 1000 } };
}
