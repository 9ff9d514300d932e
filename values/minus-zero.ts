import { rawJson } from './lossless-json.js';

/** What JSON.stringify writes as -0. */
const MINUS_ZERO = rawJson('-0');

/** JSON.stringify, which writes 0 for minus zero, with its sign. */
export function stringifyExactly(value: unknown): string {
  return JSON.stringify(withMinusZero(value));
}

/** The value with a form of each minus zero that JSON.stringify writes as -0. A value without minus zero is not copied. */
export function withMinusZero(value: unknown): unknown {
  if (typeof value === 'number') return Object.is(value, -0) ? MINUS_ZERO : value;
  return typeof value === 'object' && value !== null && hasMinusZero(value) ? copy(value) : value;
}

function hasMinusZero(value: object): boolean {
  if (!isPlain(value)) return false;
  for (const key in value) {
    const part = (value as Readonly<Record<string, unknown>>)[key];
    if (
      typeof part === 'number' ? Object.is(part, -0) : typeof part === 'object' && part !== null && hasMinusZero(part)
    ) {
      return true;
    }
  }
  return false;
}

function copy(value: object): unknown {
  if (Array.isArray(value)) return value.map(withMinusZero);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withMinusZero(part)]));
}

/** A list or an object of JSON: bytes and other classes have forms of their own. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
