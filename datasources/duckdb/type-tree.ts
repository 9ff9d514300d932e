/** A column type as a tree. */
export type TypeTree =
  /** Any type without parts, in DuckDB's notation. */
  | { readonly kind: 'SCALAR'; readonly type: string }
  /** `size` is that of an ARRAY; null for a LIST. */
  | { readonly kind: 'LIST'; readonly element: TypeTree; readonly size: number | null }
  | { readonly kind: 'STRUCT'; readonly fields: readonly TypeField[] }
  | { readonly kind: 'MAP'; readonly key: TypeTree; readonly value: TypeTree };

export interface TypeField {
  readonly name: string;
  readonly type: TypeTree;
}

/** Reads a type in the notation of DESCRIBE: `STRUCT(a INTEGER, "b c" DECIMAL(2,1)[])`. */
export function parseType(notation: string): TypeTree {
  const [, element, size] = /^(.*)\[(\d*)\]$/s.exec(notation) ?? [];
  if (element !== undefined) {
    return { kind: 'LIST', element: parseType(element), size: size ? Number(size) : null };
  }
  const [, word, parts] = /^(STRUCT|MAP)\((.*)\)$/s.exec(notation) ?? [];
  if (word === undefined || parts === undefined) return { kind: 'SCALAR', type: notation };
  const members = splitParts(parts);
  if (word === 'MAP') return { kind: 'MAP', key: parseType(members[0]!), value: parseType(members[1]!) };
  const fields = members.map(parseField);
  // The fields of a row(1, 2) have no names.
  return fields.includes(undefined)
    ? { kind: 'SCALAR', type: notation }
    : { kind: 'STRUCT', fields: fields as TypeField[] };
}

function parseField(notation: string): TypeField | undefined {
  const [, quoted, plain, type] = /^(?:"((?:[^"]|"")*)"|([^\s"(]+)) (.+)$/s.exec(notation) ?? [];
  if (type === undefined) return undefined;
  return { name: quoted === undefined ? plain! : quoted.replaceAll('""', '"'), type: parseType(type) };
}

/** Splits at the commas that are in no brackets and no quotes. */
function splitParts(notation: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of notation.matchAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|[(),]/g)) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (token === ',' && depth === 0) {
      parts.push(notation.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...parts, notation.slice(start).trim()];
}
