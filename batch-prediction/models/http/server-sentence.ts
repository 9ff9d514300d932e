import { safeSentence } from '../safe-sentence.js';

/**
 * The fields with error messages of Flask, FastAPI, TorchServe, TensorFlow Serving, Triton, Spring and similar servers.
 */
const FIELDS = [
  'error',
  'message',
  'detail',
  'details',
  'msg',
  'reason',
  'error_message',
  'errors',
  'description',
  'title',
];

/** The maximum nesting of a message: {"error": {"details": [{"msg": …}]}}. */
const MAX_DEPTH = 4;

/** A server's error message in a form for clients; empty when it has none. */
export function serverSentence(body: string): string {
  const text = body.trim();
  return safeSentence(findInJson(text) ?? findInHtml(text) ?? text);
}

function findInJson(text: string): string | undefined {
  if (!/^[{["]/.test(text)) return undefined;
  try {
    return findText(JSON.parse(text), MAX_DEPTH);
  } catch {
    return undefined;
  }
}

/** The text of the first field with one; for a list, the first few texts. */
function findText(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value !== 'object' || value === null || depth === 0) return undefined;
  if (Array.isArray(value)) {
    const texts = value.slice(0, 3).map((element: unknown) => findText(element, depth - 1));
    return texts.filter((text) => text !== undefined).join('; ') || undefined;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name of FIELDS) {
    const text = Object.hasOwn(fields, name) ? findText(fields[name], depth - 1) : undefined;
    if (text !== undefined) return placeOf(fields) + text;
  }
  return undefined;
}

/** FastAPI gives the location beside each message: {"loc": ["body", "instances", 0, "amount"], "msg": …}. */
function placeOf({ loc }: Readonly<Record<string, unknown>>): string {
  return Array.isArray(loc) && loc.length < 20 ? `${loc.join('.')}: ` : '';
}

/** The title of an HTML page summarizes it. */
function findInHtml(text: string): string | undefined {
  if (!/^\s*<(?:!doctype|html|head|body)/i.test(text)) return undefined;
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim();
  return title === undefined || title === '' ? 'a page of HTML' : `a page of HTML, "${title}"`;
}
