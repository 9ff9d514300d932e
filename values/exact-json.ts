/**
 * A value as JSON, from which it comes back exactly. JSON has no integers above 2^53, no NaN and no bytes, so these are
 * objects with one key that begins with $. A key of the value that begins with $ gets one more.
 *
 *   5n -> {"$integer":"5"}   NaN, -0 -> {"$number":"NaN"}   bytes -> {"$bytes":"…base64"}
 *
 * Anything else that JSON would drop or change (a Date, a Map, a function) is refused.
 */
const INTEGER = '$integer';
const NUMBER = '$number';
const BYTES = '$bytes';

export function toExactJson(value: unknown): string {
  return JSON.stringify(toJson(value, 'the value'));
}

export function fromExactJson(text: string): unknown {
  return fromJson(JSON.parse(text));
}

function toJson(value: unknown, path: string): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return { [INTEGER]: value.toString() };
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [NUMBER]: Object.is(value, -0) ? '-0' : `${value}` };
  }
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return Array.from(value, (item, index) => toJson(item, `${path}[${index}]`));
  if (typeof value !== 'object' || !isPlain(value)) {
    throw new TypeError(`${path} is ${describe(value)}, which JSON cannot hold`);
  }
  // A field that is undefined is the same as one that is absent.
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([key, field]) => [escapeKey(key), toJson(field, `${path}.${key}`)]));
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromJson);
  const fields: [string, unknown][] = Object.entries(value);
  const [only] = fields;
  if (fields.length === 1 && only) {
    const [key, content] = only;
    if (key === INTEGER) return BigInt(content as string);
    if (key === NUMBER) return Number(content);
    if (key === BYTES) return new Uint8Array(Buffer.from(content as string, 'base64'));
  }
  return Object.fromEntries(fields.map(([key, field]) => [unescapeKey(key), fromJson(field)]));
}

function escapeKey(key: string): string {
  return key.startsWith('$') ? `$${key}` : key;
}

function unescapeKey(key: string): string {
  return key.startsWith('$$') ? key.slice(1) : key;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  return typeof value === 'object' ? `a ${value!.constructor.name}` : `a value of the type ${typeof value}`;
}
