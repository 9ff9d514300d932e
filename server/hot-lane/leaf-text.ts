import { isEnumType, type GraphQLLeafType } from 'graphql';

/** Writes a value of a scalar or enum as JSON. Throws what graphql-js throws for a value that is none of the type. */
export type WriteLeaf = (value: unknown) => string;

export function leafWriter(type: GraphQLLeafType): WriteLeaf {
  const write: WriteLeaf = (value) => {
    const serialized: unknown = type.serialize(value);
    if (serialized === null || serialized === undefined) {
      throw new Error(`${type.name} has no form of this value`);
    }
    return toJson(serialized);
  };
  if (!isEnumType(type)) return write;
  // An enum has few values.
  const known = new Map<unknown, string>();
  return (value) => {
    let text = known.get(value);
    if (text === undefined) known.set(value, (text = write(value)));
    return text;
  };
}

/** As JSON.stringify does. Most leaves are short texts and numbers, which need no call of it. */
function toJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      return JSON.stringify(value);
  }
}

/** What JSON writes as an escape: control characters, quotes, backslashes and halves of a surrogate pair. */
// eslint-disable-next-line no-control-regex
const ESCAPED = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A longer text is left to JSON.stringify, which is then faster. */
const SHORT = 64;

export function quote(text: string): string {
  return text.length > SHORT || ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}
