import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { KeyedList } from '../../runtime/keyed-list.js';
import { parseInstant, type Instant } from '../../values/instant.js';
import { parseClientValue } from '../../values/parse-client-value.js';
import type { RawValue } from '../../values/value-type.js';
import type { IncomingRow } from '../feature-writer.js';
import { firstOrder } from '../rows/feature-orders.js';
import { readEntityId } from '../rows/read-row.js';

/**
 * Reads the usual line in one pass: texts without escapes, numbers that a double has exactly or with a fraction, true,
 * false and null. undefined for every other line, which is read with JSON.parse and gives the error if it has one.
 * JSON.parse and the checks of its result were a third of the time of a line.
 */
export function readPlainRow(entityType: EntityType, line: TextRange): IncomingRow | undefined {
  try {
    return new PlainRow(entityType, line).read();
  } catch (error) {
    if (error instanceof AppError || error === NOT_PLAIN) return undefined;
    throw error;
  }
}

/** A part of a text: a line of a chunk. Each character of a slice of a long text takes longer to read than one of the text. */
export interface TextRange {
  readonly within: string;
  readonly start: number;
  readonly end: number;
}

/** One for all lines: the stack of an error takes longer than a line. It is never shown. */
const NOT_PLAIN = new Error('The line is not plain.');

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Whole numbers of so many digits are exact. */
const MAX_EXACT_DIGITS = 15;

class PlainRow {
  private readonly text: string;
  private readonly end: number;
  #at: number;

  constructor(
    private readonly entityType: EntityType,
    { within, start, end }: TextRange,
  ) {
    this.text = within;
    this.end = end;
    this.#at = start;
  }

  read(): IncomingRow {
    let entityId: string | undefined;
    let timestamp: Instant | null | undefined;
    let values: IncomingRow['values'] | undefined;
    this.#take(OPEN);
    do {
      const key = this.#readText();
      this.#take(COLON);
      if (key === 'entityId' && entityId === undefined) entityId = readEntityId(this.entityType, this.#readText());
      else if (key === 'timestamp' && timestamp === undefined) timestamp = this.#readTimestamp();
      else if (key === 'values' && values === undefined) values = this.#readValues();
      else throw NOT_PLAIN;
    } while (this.#follows(COMMA));
    this.#take(CLOSE);
    this.#skipSpace();
    if (this.#at !== this.end || entityId === undefined || values === undefined) throw NOT_PLAIN;
    return { entityId, timestamp: timestamp ?? null, values };
  }

  #readTimestamp(): Instant | null {
    this.#skipSpace();
    if (this.text.charCodeAt(this.#at) === QUOTE) return parseInstant(this.#readText());
    this.#takeWord('null');
    return null;
  }

  #readValues(): IncomingRow['values'] {
    let order = firstOrder(this.entityType);
    const list: (RawValue | null)[] = [];
    this.#take(OPEN);
    do {
      const { expected } = order;
      const name = expected && this.#followsText(expected.name) ? expected.name : this.#readText();
      const next = order.next(name);
      if (!next) throw NOT_PLAIN;
      this.#take(COLON);
      list.push(this.#readValue(next.last!));
      order = next;
    } while (this.#follows(COMMA));
    this.#take(CLOSE);
    return new KeyedList(order.keys, list);
  }

  #readValue({ valueType }: Feature): RawValue | null {
    this.#skipSpace();
    const value = this.#readScalar(this.text.charCodeAt(this.#at));
    if (value === null) return null;
    const read = parseClientValue(valueType, value);
    if (read === undefined) throw NOT_PLAIN;
    return read;
  }

  #readScalar(first: number): string | number | boolean | null {
    if (first === QUOTE) return this.#readText();
    if (first === MINUS || isDigit(first)) return this.#readNumber();
    if (this.text.startsWith('null', this.#at)) {
      this.#at += 4;
      return null;
    }
    const isTrue = this.text.startsWith('true', this.#at);
    this.#takeWord(isTrue ? 'true' : 'false');
    return isTrue;
  }

  #readNumber(): number {
    const { text } = this;
    const start = this.#at;
    const isNegative = text.charCodeAt(start) === MINUS;
    const first = isNegative ? start + 1 : start;
    let whole = 0;
    let at = first;
    for (; isDigit(text.charCodeAt(at)); at += 1) whole = whole * 10 + text.charCodeAt(at) - DIGIT_0;
    const digits = at - first;
    const hasZeroFirst = digits > 1 && text.charCodeAt(first) === DIGIT_0;
    if (digits === 0 || digits > MAX_EXACT_DIGITS || hasZeroFirst) throw NOT_PLAIN;
    const next = text.charCodeAt(at);
    this.#at = at;
    if (next === LOWER_E || next === UPPER_E) throw NOT_PLAIN;
    if (next !== POINT) return isNegative ? -whole : whole;
    at += 1;
    while (isDigit(text.charCodeAt(at))) at += 1;
    const end = text.charCodeAt(at);
    if (at === this.#at + 1 || end === LOWER_E || end === UPPER_E) throw NOT_PLAIN;
    this.#at = at;
    const value = Number(text.slice(start, at));
    // A long fraction may have been rounded to a whole number.
    if (Number.isInteger(value) && at - start > MAX_EXACT_DIGITS) throw NOT_PLAIN;
    return value;
  }

  #readText(): string {
    this.#take(QUOTE);
    const { text, end } = this;
    const start = this.#at;
    for (let at = start; at < end; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code === BACKSLASH || code < 0x20) break;
    }
    throw NOT_PLAIN;
  }

  /** Whether the text follows, in quotes; it is taken then. */
  #followsText(expected: string): boolean {
    this.#skipSpace();
    const end = this.#at + 1 + expected.length;
    const { text } = this;
    const follows =
      text.charCodeAt(this.#at) === QUOTE && text.charCodeAt(end) === QUOTE && text.startsWith(expected, this.#at + 1);
    if (follows) this.#at = end + 1;
    return follows;
  }

  #takeWord(word: string): void {
    if (!this.text.startsWith(word, this.#at)) throw NOT_PLAIN;
    this.#at += word.length;
  }

  #take(code: number): void {
    if (!this.#follows(code)) throw NOT_PLAIN;
  }

  /** Whether the character follows; it is taken then. */
  #follows(code: number): boolean {
    this.#skipSpace();
    if (this.text.charCodeAt(this.#at) !== code) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    const { text, end } = this;
    let at = this.#at;
    for (; at < end; at += 1) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x09 && code !== 0x0d) break;
    }
    this.#at = at;
  }
}

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= DIGIT_9;
}
