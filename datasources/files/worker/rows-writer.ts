import { closeSync, openSync, writeSync } from 'node:fs';

const FLUSH_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;
const QUOTE = 0x22;

/**
 * Writes rows as CSV in one form, regardless of the file's format: the index of the file, the line, the fault, then the
 * cells. Scanners write bytes directly into `buffer` while they read, so that each byte is processed once.
 */
export class RowsWriter {
  buffer = Buffer.allocUnsafe(2 * FLUSH_BYTES);
  position = 0;
  rows = 0;
  badRows = 0;
  /** The size of the longest row in bytes. */
  longestRow = 0;
  #rowStart = 0;
  readonly #file: number | null;
  readonly #delimiter: number;

  /** The delimiter is that of the file, so that fields without quotes need no change. */
  constructor(path: string | null, delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#file = path === null ? null : openSync(path, 'w');
  }

  /** The size of the current row in bytes. */
  get rowBytes(): number {
    return this.position - this.#rowStart;
  }

  /** Reserves this number of bytes. It may replace `buffer`. */
  reserve(bytes: number): void {
    if (this.position + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.position + bytes));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }

  /** Begins a row. A delimiter precedes every cell, also the first one. */
  beginRow(file: number, line: number, fault: string | null): void {
    this.#rowStart = this.position;
    this.reserve(fault === null ? 64 : 64 + fault.length * 6);
    this.#write(`${file}`);
    this.beginCell();
    this.#write(`${line}`);
    this.beginCell();
    if (fault === null) return;
    this.#write(`"${fault.replaceAll('"', '""')}"`);
    this.badRows += 1;
  }

  beginCell(): void {
    this.buffer[this.position++] = this.#delimiter;
  }

  /** Copies bytes as a quoted cell. */
  quotedCell(bytes: Uint8Array, from: number, to: number): void {
    this.reserve((to - from) * 2 + 3);
    const { buffer } = this;
    let at = this.position;
    buffer[at++] = QUOTE;
    for (let index = from; index < to; index += 1) {
      const byte = bytes[index]!;
      buffer[at++] = byte;
      if (byte === QUOTE) buffer[at++] = QUOTE;
    }
    buffer[at++] = QUOTE;
    this.position = at;
  }

  plainCell(bytes: Uint8Array, from: number, to: number): void {
    this.reserve(to - from + 1);
    const { buffer } = this;
    let at = this.position;
    for (let index = from; index < to; index += 1) buffer[at++] = bytes[index]!;
    this.position = at;
  }

  /** Ends a row with this number of empty cells. */
  endRow(emptyCells: number): void {
    this.reserve(emptyCells + 1);
    for (let cell = 0; cell < emptyCells; cell += 1) this.beginCell();
    this.buffer[this.position++] = LINE_FEED;
    this.rows += 1;
    this.longestRow = Math.max(this.longestRow, this.rowBytes);
    if (this.position >= FLUSH_BYTES || this.#file === null) this.#flush();
    this.#rowStart = this.position;
  }

  /** Discards the current row. */
  dropRow(): void {
    this.position = this.#rowStart;
  }

  close(): void {
    this.#flush();
    if (this.#file !== null) closeSync(this.#file);
  }

  #write(text: string): void {
    this.position += this.buffer.write(text, this.position);
  }

  #flush(): void {
    if (this.#file !== null) {
      for (let written = 0; written < this.position;) {
        written += writeSync(this.#file, this.buffer, written, this.position - written);
      }
    }
    this.position = 0;
    this.#rowStart = 0;
  }
}
