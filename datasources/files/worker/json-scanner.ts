import { isBlank, JsonFault, JsonReader, TooDeep } from './json-reader.ts';
import type { RowsWriter } from './rows-writer.ts';
import { clip, ScanFault } from './scan-fault.ts';

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const NULL_WORD = 0x6e;

export interface JsonScannerOptions {
  readonly keepsBadLines: boolean;
  readonly maxColumns: number;
  readonly maxJsonDepth: number;
  readonly maxRecordBytes: number;
}

/** The columns of all files so far, in the order in which their names first occurred. */
export class JsonColumns {
  readonly names: string[] = [];
  readonly keys: Buffer[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #byLowerCase = new Map<string, string>();

  /** The index of a column. A new name gets a new column. */
  find(key: string, maxColumns: number): number {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const name = JSON.parse(key) as string;
    const same = this.names.indexOf(name);
    if (same >= 0) {
      // The key has the same name with other escape sequences.
      this.#byKey.set(key, same);
      return same;
    }
    if (name === '') throw new JsonFault('has a key that is empty');
    const other = this.#byLowerCase.get(name.toLowerCase());
    if (other !== undefined) {
      throw new JsonFault(`has the key "${clip(name)}" and an earlier one "${clip(other)}": they differ in case alone`);
    }
    if (this.names.length === maxColumns) throw new ScanFault(null, `it has more than ${maxColumns} columns`);
    this.#byLowerCase.set(name.toLowerCase(), name);
    this.#byKey.set(key, this.names.length);
    this.keys.push(Buffer.from(key));
    return this.names.push(name) - 1;
  }
}

/** Reads one file of JSON lines and writes each object as a row of the bytes of its values. Blank lines are ignored. */
export class JsonScanner {
  line = 1;
  /** A name occurred after rows had been written without it, so the files must be scanned again. */
  hasLateColumns = false;
  firstFault: { readonly line: number; readonly problem: string } | null = null;

  readonly #options: JsonScannerOptions;
  readonly #rows: RowsWriter;
  readonly #file: number;
  readonly #columns: JsonColumns;
  readonly #maxRows: number;
  readonly #reader: JsonReader;
  #rest: Uint8Array = new Uint8Array();
  /** The position of each column's value, and the last line in which the column occurred. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #seenIn: number[] = [];

  constructor(options: JsonScannerOptions, rows: RowsWriter, file: number, columns: JsonColumns, maxRows: number) {
    this.#options = options;
    this.#rows = rows;
    this.#file = file;
    this.#columns = columns;
    this.#maxRows = maxRows;
    this.#reader = new JsonReader(options.maxJsonDepth);
  }

  /** Returns true when it has read the requested number of rows. */
  scan(chunk: Uint8Array): boolean {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (;;) {
      const to = bytes.indexOf(LINE_FEED, from);
      if (to < 0) break;
      if (this.#readLine(bytes, from, to)) return true;
      from = to + 1;
    }
    this.#rest = bytes.slice(from);
    if (this.#rest.length > this.#options.maxRecordBytes) {
      throw new ScanFault(this.line, `the line is longer than ${this.#options.maxRecordBytes} bytes`);
    }
    return false;
  }

  end(): void {
    if (this.#rest.length > 0) this.#readLine(this.#rest, 0, this.#rest.length);
  }

  #readLine(bytes: Uint8Array, lineStart: number, lineEnd: number): boolean {
    let from = lineStart;
    let to = lineEnd;
    while (from < to && isBlank(bytes[from]!)) from += 1;
    while (from < to && isBlank(bytes[to - 1]!)) to -= 1;
    if (from < to) {
      if (this.#rows.rows >= this.#maxRows) return true;
      this.#readObject(bytes, lineStart, from, to);
    }
    this.line += 1;
    return false;
  }

  #readObject(bytes: Uint8Array, lineStart: number, from: number, to: number): void {
    const rows = this.#rows;
    try {
      this.#reader.lineStart = lineStart;
      this.#reader.readObject(bytes, from, to);
      this.#findColumns(bytes);
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      if (error instanceof TooDeep) throw new ScanFault(this.line, `the line ${error.message}`);
      this.firstFault ??= { line: this.line, problem: error.message };
      if (!this.#options.keepsBadLines) throw new ScanFault(this.line, `the line ${error.message}`);
      rows.beginRow(this.#file, this.line, `The line ${error.message}.`);
      rows.endRow(this.#columns.names.length);
      return;
    }
    rows.beginRow(this.#file, this.line, null);
    const { length } = this.#columns.names;
    for (let column = 0; column < length; column += 1) {
      rows.reserve(1);
      rows.beginCell();
      if (this.#seenIn[column] !== this.line) continue;
      const start = this.#starts[column]!;
      const end = this.#ends[column]!;
      const first = bytes[start]!;
      if (first === NULL_WORD) continue;
      // Numbers, true and false contain neither commas nor quotes.
      if (first === QUOTE || first >= 0x5b) rows.quotedCell(bytes, start, end);
      else rows.plainCell(bytes, start, end);
    }
    rows.endRow(0);
  }

  #findColumns(bytes: Uint8Array): void {
    const { members, spans } = this.#reader;
    const { keys } = this.#columns;
    const known = keys.length;
    for (let member = 0; member < members; member += 1) {
      const keyStart = spans[member * 4]!;
      const keyEnd = spans[member * 4 + 1]!;
      // Most lines have their keys in the same order.
      const expected = keys[member];
      const column =
        expected !== undefined && isSame(bytes, keyStart, keyEnd, expected)
          ? member
          : this.#columns.find(
              Buffer.from(bytes.buffer, bytes.byteOffset + keyStart, keyEnd - keyStart).toString('utf8'),
              this.#options.maxColumns,
            );
      if (this.#seenIn[column] === this.line) {
        throw new JsonFault(`has the key "${clip(this.#columns.names[column]!)}" twice`);
      }
      this.#seenIn[column] = this.line;
      this.#starts[column] = spans[member * 4 + 2]!;
      this.#ends[column] = spans[member * 4 + 3]!;
    }
    if (keys.length > known && this.#rows.rows > 0) this.hasLateColumns = true;
  }
}

function isSame(bytes: Uint8Array, from: number, to: number, key: Uint8Array): boolean {
  if (to - from !== key.length) return false;
  for (let index = 0; index < key.length; index += 1) if (bytes[from + index] !== key[index]) return false;
  return true;
}
