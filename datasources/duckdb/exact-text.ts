import { quoteIdentifier, quoteText } from './sql-text.js';
import { nearestDouble } from './nearest-double.js';
import { parseType, type TypeTree } from './type-tree.js';

/** The types whose values DuckDB writes as text, and reads from that text, without a loss. */
const EXACT =
  /^(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|BIGNUM|FLOAT|DOUBLE|DECIMAL\(.*\)|VARCHAR|JSON|BLOB|BIT|UUID|DATE|INTERVAL|ENUM\(.*\)|TIME(_NS| WITH TIME ZONE)?|TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?|"NULL")$/s;

/** The types that JSON itself has, in lists, structs and maps. */
const AS_JSON = /^(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT)|VARCHAR)$/;
const FRACTIONAL = /^(FLOAT|DOUBLE)$/;

/** Whether values of a type have an exact text. Others are unions and types of extensions. */
export function hasExactText(type: string): boolean {
  const isExact = (tree: TypeTree): boolean => {
    switch (tree.kind) {
      case 'SCALAR':
        return EXACT.test(tree.type);
      case 'LIST':
        return isExact(tree.element);
      case 'STRUCT':
        return tree.fields.every((field) => isExact(field.type));
      case 'MAP':
        return isExact(tree.key) && isExact(tree.value);
    }
  };
  return isExact(parseType(type));
}

/** Whether the exact text of a type is JSON: lists, structs, maps, and JSON itself. */
export function isJsonText(type: string): boolean {
  return type === 'JSON' || parseType(type).kind !== 'SCALAR';
}

/**
 * SQL of the text of a value, from which `fromExactTextSql` makes the same value. Lists, structs and maps are JSON, in
 * which integers of 64 bits are numbers with every digit, and decimals, times and larger integers are strings.
 */
export function exactTextSql(value: string, type: string): string {
  const tree = parseType(type);
  return tree.kind === 'SCALAR' ? scalarText(value, tree.type) : jsonTextSql(value, tree, toJsonParts);
}

/**
 * SQL of the JSON object of a struct or a map, as models and clients read it. A decimal is a number if a double has its
 * digits, and a text with every digit if not; an integer beyond 64 bits is a text; BYTES are base64; NaN and the infinities are texts. Not for other types.
 */
export function jsonObjectSql(value: string, type: string): string {
  return jsonTextSql(value, parseType(type), toObjectParts);
}

function jsonTextSql(value: string, tree: TypeTree, change: Change): string {
  // DuckDB has no CASE over arrays of a fixed size.
  const parts = hasArrays(tree) ? `CAST(${value} AS ${withoutSizes(tree)})` : value;
  return `CASE WHEN ${value} IS NOT NULL THEN CAST(to_json(${change(parts, tree, 0)}) AS VARCHAR) END`;
}

/** SQL of the value of an exact text. Text that is not one of the type is an error of the query. */
export function fromExactTextSql(text: string, type: string): string {
  const tree = parseType(type);
  if (tree.kind === 'SCALAR') return fromScalarText(text, tree.type);
  const value = fromJsonParts(`CAST(CAST(${text} AS JSON) AS ${jsonPartsType(tree)})`, tree, 0);
  return hasArrays(tree) ? `CAST(${value} AS ${type})` : value;
}

function scalarText(value: string, type: string): string {
  if (type === 'VARCHAR') return value;
  if (type === 'BLOB') return `to_base64(${value})`;
  if (!FRACTIONAL.test(type)) return `CAST(${value} AS VARCHAR)`;
  return `CASE WHEN isfinite(${value}) THEN CAST(${value} AS VARCHAR) WHEN isnan(${value}) THEN 'NaN'
    WHEN ${value} > 0 THEN 'Infinity' WHEN ${value} < 0 THEN '-Infinity' END`;
}

function fromScalarText(text: string, type: string): string {
  if (type === 'VARCHAR' || type === 'JSON') return text;
  return type === 'BLOB' ? `from_base64(${text})` : `CAST(${text} AS ${type})`;
}

/** SQL of a value whose parts are all of types that JSON has. */
function toJsonParts(value: string, tree: TypeTree, depth: number): string {
  switch (tree.kind) {
    case 'SCALAR': {
      if (AS_JSON.test(tree.type)) return value;
      const text = scalarText(value, tree.type);
      return FRACTIONAL.test(tree.type)
        ? `CASE WHEN isfinite(${value}) THEN to_json(${value}) ELSE to_json(${text}) END`
        : text;
    }
    case 'LIST':
      return mapList(value, depth, (item) => toJsonParts(item, tree.element, depth + 1));
    case 'STRUCT':
      return mapStruct(value, tree, (field, type) => toJsonParts(field, type, depth));
    case 'MAP': {
      const entries = mapEntries(value, tree, depth, toJsonParts);
      return isObject(tree) ? `map_from_entries(${entries})` : entries;
    }
  }
}

/** The same for `jsonObjectSql`. */
function toObjectParts(value: string, tree: TypeTree, depth: number): string {
  switch (tree.kind) {
    case 'SCALAR': {
      if (/^U?HUGEINT$/.test(tree.type)) return hugeNumber(value);
      return tree.type.startsWith('DECIMAL') ? decimalNumber(value, tree.type) : toJsonParts(value, tree, depth);
    }
    case 'LIST':
      return mapList(value, depth, (item) => toObjectParts(item, tree.element, depth + 1));
    case 'STRUCT':
      return mapStruct(value, tree, (field, type) => toObjectParts(field, type, depth));
    case 'MAP': {
      // Names of JSON are texts.
      const part: Change = (item, type, level) =>
        type === tree.key ? exactTextSql(item, withoutSizes(type)) : toObjectParts(item, type, level);
      return `map_from_entries(${mapEntries(value, tree, depth, part)})`;
    }
  }
}

function hugeNumber(value: string): string {
  const number = `TRY_CAST(${value} AS BIGINT)`;
  return `CASE WHEN ${number} IS NOT NULL THEN to_json(${number}) ELSE to_json(CAST(${value} AS VARCHAR)) END`;
}

function decimalNumber(value: string, type: string): string {
  const { double, hasDigits } = nearestDouble(value, type);
  return `CASE WHEN ${hasDigits} THEN to_json(${double}) ELSE to_json(CAST(${value} AS VARCHAR)) END`;
}

/** The type that the JSON of `toJsonParts` is read as. */
function jsonPartsType(tree: TypeTree): string {
  switch (tree.kind) {
    case 'SCALAR':
      return AS_JSON.test(tree.type) ? tree.type : 'VARCHAR';
    case 'LIST':
      return `${jsonPartsType(tree.element)}[]`;
    case 'STRUCT':
      return `STRUCT(${tree.fields.map(({ name, type }) => `${quoteIdentifier(name)} ${jsonPartsType(type)}`).join(', ')})`;
    case 'MAP': {
      const [key, value] = [jsonPartsType(tree.key), jsonPartsType(tree.value)];
      return isObject(tree) ? `MAP(VARCHAR, ${value})` : `STRUCT("key" ${key}, "value" ${value})[]`;
    }
  }
}

function fromJsonParts(value: string, tree: TypeTree, depth: number): string {
  switch (tree.kind) {
    case 'SCALAR':
      return AS_JSON.test(tree.type) ? value : fromScalarText(value, tree.type);
    case 'LIST':
      return mapList(value, depth, (item) => fromJsonParts(item, tree.element, depth + 1));
    case 'STRUCT':
      return mapStruct(value, tree, (field, type) => fromJsonParts(field, type, depth));
    case 'MAP':
      return isObject(tree)
        ? `map_from_entries(${mapEntries(value, tree, depth, fromJsonParts)})`
        : `map_from_entries(${mapList(value, depth, (entry) => mapEntry(entry, tree, depth + 1, fromJsonParts))})`;
  }
}

type Change = (value: string, tree: TypeTree, depth: number) => string;

/** A map with texts as keys is an object of JSON; another one is a list of objects with a key and a value. */
function isObject({ key }: TypeTree & { readonly kind: 'MAP' }): boolean {
  return key.kind === 'SCALAR' && key.type === 'VARCHAR';
}

function mapList(value: string, depth: number, change: (item: string) => string): string {
  const item = `e${depth}`;
  const changed = change(item);
  return changed === item ? value : `list_transform(${value}, lambda ${item}: ${changed})`;
}

function mapStruct(
  value: string,
  { fields }: TypeTree & { readonly kind: 'STRUCT' },
  change: (field: string, type: TypeTree) => string,
): string {
  const changed = fields.map(({ name, type }) => {
    const field = `struct_extract(${value}, ${quoteText(name)})`;
    return `${quoteIdentifier(name)} := ${change(field, type)}`;
  });
  return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${changed.join(', ')}) END`;
}

function mapEntries(value: string, tree: TypeTree & { readonly kind: 'MAP' }, depth: number, change: Change): string {
  return mapList(`map_entries(${value})`, depth, (entry) => mapEntry(entry, tree, depth + 1, change));
}

function mapEntry(entry: string, tree: TypeTree & { readonly kind: 'MAP' }, depth: number, change: Change): string {
  const part = (name: 'key' | 'value'): string => change(`struct_extract(${entry}, '${name}')`, tree[name], depth);
  return `struct_pack("key" := ${part('key')}, "value" := ${part('value')})`;
}

function hasArrays(tree: TypeTree): boolean {
  switch (tree.kind) {
    case 'SCALAR':
      return false;
    case 'LIST':
      return tree.size !== null || hasArrays(tree.element);
    case 'STRUCT':
      return tree.fields.some(({ type }) => hasArrays(type));
    case 'MAP':
      return hasArrays(tree.key) || hasArrays(tree.value);
  }
}

/** The notation of a type with lists in the place of arrays. */
function withoutSizes(tree: TypeTree): string {
  switch (tree.kind) {
    case 'SCALAR':
      return tree.type;
    case 'LIST':
      return `${withoutSizes(tree.element)}[]`;
    case 'STRUCT':
      return `STRUCT(${tree.fields.map(({ name, type }) => `${quoteIdentifier(name)} ${withoutSizes(type)}`).join(', ')})`;
    case 'MAP':
      return `MAP(${withoutSizes(tree.key)}, ${withoutSizes(tree.value)})`;
  }
}
