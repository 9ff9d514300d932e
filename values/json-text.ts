import { stringifyExactly } from './minus-zero.js';

/** What JSON writes as an escape: control characters, quotes, backslashes and halves of a surrogate pair. */
// eslint-disable-next-line no-control-regex
const ESCAPED = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A longer text is left to JSON.stringify, which is then faster. */
const SHORT = 64;

/** A text as JSON.stringify writes it. Most texts are short and have nothing to escape. */
export function quote(text: string): string {
  return text.length > SHORT || ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** A value as JSON.stringify writes it, with the sign of minus zero. Most values are short texts and numbers, which need no call of it. */
export function toJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      if (value === 0) return Object.is(value, -0) ? '-0' : '0';
      return Number.isFinite(value) ? String(value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      return stringifyExactly(value);
  }
}
