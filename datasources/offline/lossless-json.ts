import type { StructField } from '../../values/value-type.js';

/** Given by every engine this runs on (Node 22 and later); TypeScript's own types do not know it yet. */
interface ReviverContext {
  readonly source?: string;
}
type Reviver = (key: string, value: unknown, context: ReviverContext) => unknown;

/** JSON.parse, but an integer that a JS number cannot hold comes back as the string of its digits. */
export function parseLosslessJson(text: string): StructField {
  const reviver: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
      ? source
      : value;
  return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]) as StructField;
}
