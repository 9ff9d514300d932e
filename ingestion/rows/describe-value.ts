import { LongFraction } from '../../values/lossless-json.js';

/** What a value is, for an error message: short, and without the content of lists and objects. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof LongFraction) return clip(value.digits);
  switch (typeof value) {
    case 'string':
      return JSON.stringify(clip(value));
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return 'an object';
  }
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
