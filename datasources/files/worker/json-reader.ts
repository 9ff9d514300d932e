import { clip } from './scan-fault.ts';

/** The reason why a line is not a JSON object, in words that follow "the line". */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';
}

/** No JSON parser may receive such a line: deep nesting crashes the process of many parsers. */
export class TooDeep extends JsonFault {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** Python writes the last three. They are not JSON, but they occur in files of JSON lines and are unambiguous. */
const WORDS = ['true', 'false', 'null', 'NaN', 'Infinity', '-Infinity'].map((word) => Buffer.from(word));
const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;

/**
 * Checks one line of JSON byte by byte and returns the spans of its object's members. Values stay as bytes, so that no
 * digit is lost. The reader is not recursive, so that no nesting can crash the process.
 */
export class JsonReader {
  /** The spans of the members of the last object: start and end of each key (with its quotes) and of each value. */
  readonly spans: number[] = [];
  members = 0;
  /** The start of the line. Positions in messages count from here. */
  lineStart = 0;

  readonly #maxDepth: number;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  #end = 0;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** Reads the object between two positions. Throws JsonFault. */
  readObject(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.members = 0;
    this.#skipBlanks();
    if (this.#peek() !== OPEN_OBJECT) throw new JsonFault(this.#describeNoObject());
    this.#at += 1;
    this.#skipBlanks();
    if (this.#peek() === CLOSE_OBJECT) this.#at += 1;
    else this.#readMembers();
    this.#skipBlanks();
    if (this.#peek() === OPEN_OBJECT) {
      // A carriage return is a blank of JSON, so a line that ends in it alone cannot be told from one object over two lines.
      throw new JsonFault('has a second object. A line has one, and ends in LF or CR LF, not in CR alone');
    }
    if (this.#at < this.#end) throw this.#unexpected();
  }

  #readMembers(): void {
    for (;;) {
      const span = this.members * 4;
      this.spans[span] = this.#at;
      this.#readString();
      this.spans[span + 1] = this.#at;
      this.#skipBlanks();
      this.#expect(COLON);
      this.#skipBlanks();
      this.spans[span + 2] = this.#at;
      this.#readValue();
      this.spans[span + 3] = this.#at;
      this.members += 1;
      this.#skipBlanks();
      const byte = this.#peek();
      this.#at += 1;
      if (byte === CLOSE_OBJECT) return;
      if (byte !== COMMA) {
        this.#at -= 1;
        throw this.#unexpected();
      }
      this.#skipBlanks();
    }
  }

  #readValue(): void {
    const byte = this.#peek();
    if (byte === QUOTE) this.#readString();
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#readNested();
    else this.#readWord();
  }

  /** Reads a list or an object inside the line. `stack` contains the open lists and objects, `keys` those of the objects. */
  #readNested(): void {
    const stack: number[] = [];
    const keys: Set<string>[] = [];
    let isValueNext = true;
    for (;;) {
      this.#skipBlanks();
      const byte = this.#peek();
      if (isValueNext) {
        if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
          stack.push(byte);
          // The object of the line counts as a level.
          if (stack.length >= this.#maxDepth) throw new TooDeep(`is nested deeper than ${this.#maxDepth} levels`);
          this.#at += 1;
          this.#skipBlanks();
          if (this.#peek() === (byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST)) isValueNext = false;
          else if (byte === OPEN_OBJECT) this.#readKey((keys[stack.length] = new Set()));
          continue;
        }
        if (byte === QUOTE) this.#readString();
        else this.#readWord();
        isValueNext = false;
        continue;
      }
      const isInObject = stack.at(-1) === OPEN_OBJECT;
      if (byte === COMMA) {
        this.#at += 1;
        this.#skipBlanks();
        if (isInObject) this.#readKey(keys[stack.length]!);
        isValueNext = true;
      } else if (byte === (isInObject ? CLOSE_OBJECT : CLOSE_LIST)) {
        this.#at += 1;
        stack.pop();
        if (stack.length === 0) return;
      } else throw this.#unexpected();
    }
  }

  /** Readers of JSON disagree about which of two values of one key counts. */
  #readKey(earlier: Set<string>): void {
    const start = this.#at;
    this.#readString();
    const written = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.#at - start).toString('utf8');
    const key = written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1);
    if (earlier.has(key)) throw new JsonFault(`has the key "${clip(key)}" twice in one object`);
    earlier.add(key);
    this.#skipBlanks();
    this.#expect(COLON);
  }

  #readString(): void {
    const bytes = this.#bytes;
    this.#expect(QUOTE);
    for (; this.#at < this.#end; this.#at += 1) {
      const byte = bytes[this.#at]!;
      if (byte === QUOTE) {
        this.#at += 1;
        return;
      }
      if (byte === BACKSLASH) this.#readEscape();
      else if (byte < 0x20) throw this.#unexpected();
    }
    throw new JsonFault('ends inside a text');
  }

  /** Leaves `at` on the last byte of the escape sequence. */
  #readEscape(): void {
    this.#at += 1;
    const escape = this.#bytes[this.#at];
    if (this.#at >= this.#end || escape === undefined) throw new JsonFault('ends inside a text');
    if (escape !== 0x75) {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(escape))) throw this.#unexpected();
      return;
    }
    const unit = this.#readUnit();
    if (unit >= 0xdc00 && unit <= 0xdfff) throw halfACharacter();
    if (unit < 0xd800 || unit > 0xdbff) return;
    if (this.#bytes[this.#at + 1] !== BACKSLASH || this.#bytes[this.#at + 2] !== 0x75) throw halfACharacter();
    this.#at += 2;
    const second = this.#readUnit();
    if (second < 0xdc00 || second > 0xdfff) throw halfACharacter();
  }

  /**
   * Reads the four digits after `\u`. UTF-8 cannot encode half of a surrogate pair, and U+FFFD instead would be another
   * text.
   */
  #readUnit(): number {
    const digits = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.#at + 1, 4).toString('latin1');
    if (this.#at + 4 >= this.#end || !/^[\da-fA-F]{4}$/.test(digits)) throw this.#unexpected();
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }

  /** Reads a number, true, false or null. */
  #readWord(): void {
    const bytes = this.#bytes;
    const from = this.#at;
    if (this.#readNumber()) return;
    this.#at = from;
    const word = WORDS.find((known) => known.every((byte, index) => bytes[from + index] === byte));
    const end = from + (word?.length ?? 0);
    if (!word || end > this.#end || (end < this.#end && isWordByte(bytes[end]!))) throw this.#unexpected();
    this.#at = end;
  }

  #readNumber(): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] === MINUS) this.#at += 1;
    const isZero = bytes[this.#at] === ZERO;
    const whole = this.#skipDigits();
    if (whole === 0 || (isZero && whole > 1)) return false;
    if (this.#peek() === POINT) {
      this.#at += 1;
      if (this.#skipDigits() === 0) return false;
    }
    const exponent = this.#peek();
    if (exponent === 0x65 || exponent === 0x45) {
      this.#at += 1;
      const sign = this.#peek();
      if (sign === PLUS || sign === MINUS) this.#at += 1;
      if (this.#skipDigits() === 0) return false;
    }
    return this.#at >= this.#end || !isWordByte(bytes[this.#at]!);
  }

  #skipDigits(): number {
    const from = this.#at;
    while (this.#at < this.#end && isDigit(this.#bytes[this.#at]!)) this.#at += 1;
    return this.#at - from;
  }

  #expect(byte: number): void {
    if (this.#peek() !== byte) throw this.#unexpected();
    this.#at += 1;
  }

  #peek(): number | undefined {
    return this.#at < this.#end ? this.#bytes[this.#at] : undefined;
  }

  #skipBlanks(): void {
    while (this.#at < this.#end && isBlank(this.#bytes[this.#at]!)) this.#at += 1;
  }

  #unexpected(): JsonFault {
    if (this.#at >= this.#end) return new JsonFault('ends before its object does');
    return new JsonFault(`is not valid JSON at byte ${this.#at + 1 - this.lineStart}`);
  }

  #describeNoObject(): string {
    const first = this.#peek();
    if (first === OPEN_LIST) return 'is a list';
    return first === undefined ? 'is empty' : 'is not a JSON object';
  }
}

export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;
}

/** Letters, digits, and the other characters of numbers. */
function isWordByte(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === POINT;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function halfACharacter(): JsonFault {
  return new JsonFault('has half of a surrogate pair, which Unicode text cannot have');
}
