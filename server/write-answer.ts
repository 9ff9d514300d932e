import type { FormattedExecutionResult } from 'graphql';
import { AppError } from '../errors/app-error.js';
import { turns } from '../runtime/turns.js';
import type { FormatError } from './format-error.js';
import { toGraphqlError } from './operation-guard.js';
import { WrittenData } from './written-data.js';

/** The size of one step: about the characters of its JSON. JSON.stringify writes it in a fraction of a millisecond. */
const STEP_SIZE = 65_536;

/** The assumed characters of a number, a key or a bracket. */
const NODE_SIZE = 8;

/**
 * Writes an answer as JSON, as JSON.stringify does, in turns of the event loop: an answer of 50 MB takes half a second,
 * in which no other request would be served. Refuses an answer above the limit as soon as it is reached: strings of a
 * store can be long, and a client can ask for one string under a hundred names.
 */
export async function writeAnswer(answer: unknown, maxBytes: number): Promise<string> {
  // Most answers are one step.
  if (isOneStep(answer)) return whenItFits(JSON.stringify(answer), maxBytes);
  const writer = new AnswerWriter(maxBytes);
  await writer.write(answer);
  return whenItFits(writer.text(), maxBytes);
}

function whenItFits(text: string, maxBytes: number): string {
  if (!isWithin(text, maxBytes)) throw answerTooLarge(maxBytes);
  return text;
}

/** A character is at most three bytes of UTF-8, so the bytes of most texts need no count. */
function isWithin(text: string, maxBytes: number): boolean {
  return text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes;
}

export interface AnswerOptions {
  /** The largest answer, in bytes. */
  readonly maxResponseBytes: number;
  readonly formatError: FormatError;
}

/** Writes the answers of Apollo. An answer above the limit becomes an error. */
export function answerWriter(options: AnswerOptions) {
  return async (answer: FormattedExecutionResult): Promise<string> => {
    const data: unknown = answer.data;
    if (data instanceof WrittenData) {
      return data.isTooLarge
        ? tooLargeAnswer(options)
        : limitAnswer(answerText({ ...answer, data: data.text }), options);
    }
    try {
      return `${await writeAnswer(answer, options.maxResponseBytes)}\n`;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return refusal(error, options);
    }
  };
}

export interface WrittenParts {
  readonly errors?: readonly unknown[] | undefined;
  /** JSON. undefined: the operation did not run. */
  readonly data?: string | null | undefined;
  readonly extensions?: unknown;
}

/** The text of an answer whose data is written already. */
export function answerText({ errors, data, extensions }: WrittenParts): string {
  const members = [
    ...(errors ? [`"errors":${JSON.stringify(errors)}`] : []),
    ...(data === undefined ? [] : [`"data":${data ?? 'null'}`]),
    ...(extensions ? [`"extensions":${JSON.stringify(extensions)}`] : []),
  ];
  return `{${members.join(',')}}\n`;
}

/** An answer ends with a line break, which its limit does not count. */
const NEWLINE_BYTES = 1;

/** The answer, or an error in place of one with more bytes than it may have. */
export function limitAnswer<Body extends string | { readonly length: number }>(
  body: Body,
  options: AnswerOptions,
): Body | string {
  const { maxResponseBytes } = options;
  if (typeof body === 'string')
    return isWithin(body, maxResponseBytes + NEWLINE_BYTES) ? body : tooLargeAnswer(options);
  return body.length <= maxResponseBytes + NEWLINE_BYTES ? body : tooLargeAnswer(options);
}

/** The answer in place of one that is above the limit. */
export function tooLargeAnswer(options: AnswerOptions): string {
  return refusal(answerTooLarge(options.maxResponseBytes), options);
}

function refusal(error: AppError, { formatError }: AnswerOptions): string {
  return `${JSON.stringify({ errors: [formatError(toGraphqlError(error))], data: null })}\n`;
}

class AnswerWriter {
  readonly #parts: string[] = [];
  #length = 0;

  constructor(private readonly maxBytes: number) {}

  text(): string {
    return this.#parts.join('');
  }

  async write(value: unknown): Promise<void> {
    if (Array.isArray(value)) await this.#writeList(value);
    else if (isPlainObject(value) && !isOneStep(value)) await this.#writeObject(value);
    else await this.#step(JSON.stringify(value));
  }

  /** Writes as many items in one step as fit. An item that does not fit is written in steps of its own. */
  async #writeList(list: readonly unknown[]): Promise<void> {
    this.#add('[');
    let start = 0;
    while (start < list.length) {
      if (start > 0) this.#add(',');
      let left = STEP_SIZE;
      let end = start;
      while (end < list.length && left >= 0) {
        left -= sizeOf(list[end], left);
        if (left >= 0) end += 1;
      }
      if (end > start) await this.#step(JSON.stringify(list.slice(start, end)).slice(1, -1));
      else await this.write(list[end++]);
      start = end;
    }
    this.#add(']');
  }

  async #writeObject(object: Readonly<Record<string, unknown>>): Promise<void> {
    let separator = '';
    this.#add('{');
    for (const [key, value] of Object.entries(object)) {
      if (value === undefined) continue;
      this.#add(`${separator}${JSON.stringify(key)}:`);
      separator = ',';
      await this.write(value);
    }
    this.#add('}');
  }

  async #step(text: string): Promise<void> {
    this.#add(text);
    const turn = turns.take();
    if (turn) await turn;
  }

  /** A character of JSON is at least one byte, so the length is a lower bound that costs nothing to know. */
  #add(text: string): void {
    this.#length += text.length;
    if (this.#length > this.maxBytes) throw answerTooLarge(this.maxBytes);
    this.#parts.push(text);
  }
}

/** Refuses an event above the limit, without writing it. */
export function checkEventSize(event: unknown, maxBytes: number): void {
  if (sizeOf(event, maxBytes) > maxBytes) throw answerTooLarge(maxBytes);
}

export function answerTooLarge(maxBytes: number): AppError {
  return new AppError(
    'RESPONSE_TOO_LARGE',
    `The answer is over ${maxBytes} bytes. Ask for fewer entities, features or pages at a time.`,
    { maxBytes },
  );
}

function isOneStep(value: unknown): boolean {
  return sizeOf(value, STEP_SIZE) <= STEP_SIZE;
}

/** About the characters of a value as JSON. Stops counting above `enough`. */
function sizeOf(value: unknown, enough: number): number {
  if (typeof value === 'string') return NODE_SIZE + value.length;
  if (typeof value !== 'object' || value === null) return NODE_SIZE;
  let size = NODE_SIZE;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && size <= enough; index += 1) size += sizeOf(value[index], enough - size);
    return size;
  }
  for (const key in value) {
    if (size > enough) return size;
    size += key.length + sizeOf((value as Record<string, unknown>)[key], enough - size);
  }
  return size;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  // A value with a toJSON of its own is written by it.
  return typeof (value as { toJSON?: unknown }).toJSON !== 'function';
}
