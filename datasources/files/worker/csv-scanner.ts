import type { RowsWriter } from './rows-writer.ts';
import { clip, ScanFault } from './scan-fault.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface CsvScannerOptions {
  /** One byte. */
  readonly delimiter: number;
  readonly header: boolean;
  readonly nullText: Uint8Array | null;
  readonly padsShortLines: boolean;
  readonly maxColumns: number;
  readonly maxRecordBytes: number;
}

/** The state of the scanner. */
const STATE = { recordStart: 0, fieldStart: 1, unquoted: 2, quoted: 3, afterQuote: 4 } as const;

/**
 * Reads one CSV file (RFC 4180) and writes each record as a row. Lines end in LF, CR LF or CR. A quote inside an
 * unquoted field is part of the field. Blank lines are ignored. An empty unquoted field is null; an empty quoted field
 * is an empty text.
 *
 * This is custom code, because no library of the platform returns the line of each record, distinguishes null from an
 * empty text, and reads a hundred megabytes per second. The tests compare it with csv-parse.
 */
export class CsvScanner {
  /** The line of the next byte, counted from 1. */
  line = 1;
  /**
   * The names in the first line, or generated names if there is no header; undefined before the end of the first
   * record.
   */
  names: string[] | undefined;

  readonly #options: CsvScannerOptions;
  readonly #rows: RowsWriter;
  readonly #file: number;
  readonly #maxRows: number;
  #state: number = STATE.recordStart;
  #isInHeader: boolean;
  #recordLine = 1;
  #fields = 0;
  #fieldStart = 0;
  #hasQuoteInside = false;
  #isAfterCarriageReturn = false;
  #headerFields: { readonly start: number; readonly end: number; readonly isQuoted: boolean }[] = [];

  constructor(options: CsvScannerOptions, rows: RowsWriter, file: number, maxRows: number) {
    this.#options = options;
    this.#rows = rows;
    this.#file = file;
    this.#maxRows = maxRows;
    this.#isInHeader = options.header;
  }

  /** Returns true when it has read the requested number of rows. */
  scan(bytes: Uint8Array): boolean {
    const { delimiter, maxRecordBytes } = this.#options;
    const rows = this.#rows;
    const { length } = bytes;
    let index = 0;
    while (index < length) {
      const byte = bytes[index]!;
      switch (this.#state) {
        case STATE.recordStart:
          if (this.#isAfterCarriageReturn && byte === LINE_FEED) {
            this.#isAfterCarriageReturn = false;
            index += 1;
            break;
          }
          this.#isAfterCarriageReturn = false;
          if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
            this.#isAfterCarriageReturn = byte === CARRIAGE_RETURN;
            this.line += 1;
            index += 1;
            break;
          }
          if (!this.#isInHeader && rows.rows >= this.#maxRows) return true;
          this.#recordLine = this.line;
          this.#fields = 0;
          rows.beginRow(this.#file, this.line, null);
          this.#state = STATE.fieldStart;
          break;
        case STATE.fieldStart:
          // Each byte may become two. The delimiters of the row are bytes of the record, so this includes them.
          rows.reserve((length - index) * 2 + 64);
          rows.beginCell();
          this.#fieldStart = rows.position;
          this.#hasQuoteInside = false;
          if (byte === QUOTE) {
            rows.buffer[rows.position++] = QUOTE;
            this.#state = STATE.quoted;
            index += 1;
          } else this.#state = STATE.unquoted;
          break;
        case STATE.unquoted: {
          rows.reserve((length - index) * 2 + 64);
          const { buffer } = rows;
          let at = rows.position;
          let next = byte;
          while (next !== delimiter && next !== LINE_FEED && next !== CARRIAGE_RETURN) {
            if (next === QUOTE) this.#hasQuoteInside = true;
            buffer[at++] = next;
            index += 1;
            if (index === length) break;
            next = bytes[index]!;
          }
          rows.position = at;
          if (index === length) break;
          index += 1;
          this.#endUnquoted();
          this.#endField(next);
          break;
        }
        case STATE.quoted: {
          rows.reserve((length - index) * 2 + 64);
          const { buffer } = rows;
          let at = rows.position;
          let next = byte;
          while (next !== QUOTE) {
            if (next === LINE_FEED) this.line += 1;
            buffer[at++] = next;
            index += 1;
            if (index === length) break;
            next = bytes[index]!;
          }
          rows.position = at;
          if (index === length) break;
          index += 1;
          this.#state = STATE.afterQuote;
          break;
        }
        default:
          rows.reserve(64);
          rows.buffer[rows.position++] = QUOTE;
          if (byte === QUOTE) {
            rows.buffer[rows.position++] = QUOTE;
            this.#state = STATE.quoted;
          } else if (byte === delimiter || byte === LINE_FEED || byte === CARRIAGE_RETURN) this.#endField(byte, true);
          else throw this.#textAfterQuote();
          index += 1;
      }
      if (rows.rowBytes > maxRecordBytes) throw this.#tooLong();
    }
    return false;
  }

  end(): void {
    switch (this.#state) {
      case STATE.unquoted:
        this.#endUnquoted();
        this.#endField(LINE_FEED);
        break;
      case STATE.quoted:
        throw this.#unclosedQuote();
      case STATE.afterQuote:
        this.#rows.reserve(64);
        this.#rows.buffer[this.#rows.position++] = QUOTE;
        this.#endField(LINE_FEED, true);
        break;
      case STATE.fieldStart:
        this.#rows.reserve(64);
        this.#rows.beginCell();
        this.#fieldStart = this.#rows.position;
        this.#endField(LINE_FEED);
    }
  }

  /** Ends an unquoted field: removes a text that means null, and quotes a field with quotes inside. */
  #endUnquoted(): void {
    const rows = this.#rows;
    const start = this.#fieldStart;
    if (this.#hasQuoteInside && !this.#isInHeader) {
      const field = Uint8Array.prototype.slice.call(rows.buffer, start, rows.position);
      rows.position = start;
      rows.quotedCell(field, 0, field.length);
      return;
    }
    const { nullText } = this.#options;
    if (nullText === null || this.#isInHeader || rows.position - start !== nullText.length) return;
    if (rows.buffer.compare(nullText, 0, nullText.length, start, rows.position) === 0) rows.position = start;
  }

  #endField(byte: number, isQuoted = false): void {
    this.#fields += 1;
    if (this.#isInHeader) {
      this.#headerFields.push({ start: this.#fieldStart, end: this.#rows.position, isQuoted });
      if (this.#fields > this.#options.maxColumns) throw this.#tooManyColumns();
    } else if (this.names && this.#fields > this.names.length) {
      // The remaining fields of the line are not counted: they may be the rest of the file.
      if (byte !== this.#options.delimiter) throw this.#wrongFields(String(this.#fields));
      if (this.#fields > this.names.length + 1000) throw this.#wrongFields(`more than ${this.#fields - 1}`);
    } else if (this.#fields > this.#options.maxColumns) throw this.#tooManyColumns();
    if (byte === this.#options.delimiter) {
      this.#state = STATE.fieldStart;
      return;
    }
    this.#state = STATE.recordStart;
    this.#isAfterCarriageReturn = byte === CARRIAGE_RETURN;
    this.line += 1;
    if (this.#isInHeader) this.#endHeader();
    else this.#endRecord();
  }

  #endHeader(): void {
    const { buffer } = this.#rows;
    this.names = this.#headerFields.map(({ start, end, isQuoted }) => {
      const text = buffer.toString('utf8', start, end);
      return isQuoted ? text.slice(1, -1).replaceAll('""', '"') : text;
    });
    this.#isInHeader = false;
    this.#rows.dropRow();
  }

  #endRecord(): void {
    this.names ??= Array.from({ length: this.#fields }, (_, index) => `column${index + 1}`);
    const missing = this.names.length - this.#fields;
    if (missing > 0 && !this.#options.padsShortLines) throw this.#wrongFields(String(this.#fields));
    this.#rows.endRow(missing);
  }

  #wrongFields(fields: string): ScanFault {
    const expected = this.names!.length;
    const first = this.#options.header ? 'the header' : 'the first line';
    return new ScanFault(
      this.#recordLine,
      `it has ${fields} field${fields === '1' ? '' : 's'}, ${first} has ${expected}. A field with a delimiter or a line break in it must be in double quotes${otherDelimiter(this.names!)}`,
    );
  }

  #textAfterQuote(): ScanFault {
    return new ScanFault(
      this.line,
      'text follows the quote that closes a field. A double quote inside a quoted field must be doubled',
    );
  }

  #unclosedQuote(): ScanFault {
    return new ScanFault(this.#recordLine, 'a double quote opens a field and nothing closes it');
  }

  #tooLong(): ScanFault {
    if (this.#state === STATE.quoted) return this.#unclosedQuote();
    return new ScanFault(this.#recordLine, `the line is longer than ${this.#options.maxRecordBytes} bytes`);
  }

  #tooManyColumns(): ScanFault {
    return new ScanFault(this.#recordLine, `it has more than ${this.#options.maxColumns} columns`);
  }
}

/** Of a header that is one field with another usual delimiter in it: what could be meant. */
export function otherDelimiter(names: readonly string[]): string {
  const [delimiter] = names.length === 1 ? (/[;|\t]/.exec(names[0]!) ?? []) : [];
  if (delimiter === undefined) return '';
  return `. If ${delimiter === '\t' ? 'a tab' : `"${delimiter}"`} separates the fields, set "delimiter", and "decimal" for decimal commas`;
}

/** The reason why a header is invalid; null for a valid one. Names that differ only in case count as equal. */
export function headerFault(names: readonly string[]): string | null {
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    if (name === '') return `column ${index + 1} has no name`;
    const first = seen.get(name.toLowerCase());
    if (first !== undefined) return `the columns ${first + 1} and ${index + 1} are both called "${clip(name)}"`;
    seen.set(name.toLowerCase(), index);
  }
  return null;
}
