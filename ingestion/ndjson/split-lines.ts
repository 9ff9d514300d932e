import { isAscii } from 'node:buffer';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;

/** A chunk of one line or two is not worth the look for other characters. */
const SMALL_CHUNK = 256;

/** Of a line that is too long, each so many bytes count as a line. */
const BYTES_OF_A_LINE = 1_024;

export interface InputLine {
  /** From 1, blank lines included. */
  readonly number: number;
  /** null: the line is longer than the limit, or not UTF-8. */
  readonly text: string | null;
  readonly problem: 'TOO_LONG' | 'NOT_UTF8' | null;
}

/** A line of a chunk in ASCII. Few readers need its text alone. */
export class ChunkLine implements InputLine {
  readonly problem = null;

  constructor(
    readonly number: number,
    readonly within: string,
    readonly start: number,
    readonly end: number,
  ) {}

  get text(): string {
    return this.within.slice(this.start, this.end);
  }
}

/**
 * Splits bytes into lines. Of a line that is longer than the limit, nothing is kept, so the memory is bounded; the next
 * line is read as usual. Blank lines are counted and not returned.
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #parts: Uint8Array[] = [];
  #length = 0;
  #number = 1;
  #counted = 1;
  #excess = 0;

  constructor(private readonly maxLineBytes: number) {}

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): InputLine[] {
    const lines: InputLine[] = [];
    const ascii = chunk.length > SMALL_CHUNK && isAscii(chunk) ? toText(chunk) : null;
    let start = 0;
    for (;;) {
      const end = ascii === null ? chunk.indexOf(NEWLINE, start) : ascii.indexOf('\n', start);
      if (end < 0) break;
      if (ascii !== null && this.#length === 0 && end - start <= this.maxLineBytes) {
        this.#addText(lines, ascii, start, end);
        start = end + 1;
        continue;
      }
      this.#keep(chunk.subarray(start, end));
      this.#finish(lines);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The last line, if no newline ended it. */
  end(): InputLine[] {
    const lines: InputLine[] = [];
    if (this.#length > 0) this.#finish(lines);
    return lines;
  }

  /**
   * How many lines were read since the last call, also those that are blank. A short compressed body can have any number of
   * blank lines, or a line without an end: they take time, so they count.
   */
  takeCount(): number {
    const excess = Math.floor(this.#excess / BYTES_OF_A_LINE);
    const count = this.#number - this.#counted + excess;
    this.#counted = this.#number;
    this.#excess -= excess * BYTES_OF_A_LINE;
    return count;
  }

  /** A call of a decoder for each line takes longer than one for all lines of a chunk. */
  #addText(lines: InputLine[], ascii: string, start: number, end: number): void {
    const number = this.#number;
    this.#number += 1;
    const isCarried = end > start && ascii.charCodeAt(end - 1) === CARRIAGE_RETURN;
    const line = new ChunkLine(number, ascii, start, isCarried ? end - 1 : end);
    if (ascii.charCodeAt(start) > SPACE || line.text.trim() !== '') lines.push(line);
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.maxLineBytes) {
      this.#excess += part.length;
      this.#parts = [];
    } else if (part.length > 0) this.#parts.push(part);
  }

  #finish(lines: InputLine[]): void {
    const number = this.#number;
    const isTooLong = this.#length > this.maxLineBytes;
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#number += 1;
    if (isTooLong) lines.push({ number, text: null, problem: 'TOO_LONG' });
    else {
      const line = this.#decode(number, bytes);
      if (line.text?.trim() !== '') lines.push(line);
    }
  }

  #decode(number: number, bytes: Uint8Array): InputLine {
    const content = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
    try {
      return { number, text: this.#decoder.decode(content), problem: null };
    } catch {
      return { number, text: null, problem: 'NOT_UTF8' };
    }
  }
}

function toText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
