import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { CsvScanner } from '../../../../datasources/files/worker/csv-scanner.js';
import { RowsWriter } from '../../../../datasources/files/worker/rows-writer.js';

const DELIMITERS = [',', ';', '\t', '|'];

/** The records as the scanner writes them, read back by csv-parse; the header first. */
function scan(bytes: Uint8Array, delimiter: string, cuts: readonly number[]): (string | null)[][] {
  const chunks: Uint8Array[] = [];
  const rows = new RowsWriter(null, delimiter);
  // Instead of into a file.
  const endRow = rows.endRow.bind(rows);
  rows.endRow = (empty) => {
    const { buffer, position } = rows;
    chunks.push(Buffer.from(buffer.subarray(0, position)), Buffer.from(`${delimiter.repeat(empty)}\n`));
    endRow(empty);
  };
  const options = {
    delimiter: delimiter.charCodeAt(0),
    header: true,
    nullText: null,
    padsShortLines: true,
    maxColumns: 100,
    maxRecordBytes: 1e6,
  };
  const scanner = new CsvScanner(options, rows, 0, Number.MAX_SAFE_INTEGER);
  let from = 0;
  for (const cut of [...cuts, bytes.length].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b)) {
    scanner.scan(bytes.subarray(from, cut));
    from = cut;
  }
  scanner.end();
  const written = parse(Buffer.concat(chunks), {
    delimiter,
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  }) as unknown as (string | null)[][];
  return [scanner.names!, ...written.map((record) => record.slice(3))];
}

const field = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.stringMatching(/^[a",;\n\r\t |\\0-9]{0,8}$/),
  fc.constantFrom('', null),
);

describe('the CSV scanner', () => {
  it('reads what was written, wherever the bytes are cut', () => {
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((columns) => fc.array(fc.array(field, { minLength: columns, maxLength: columns }), { maxLength: 5 }));
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(...DELIMITERS),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(200)),
        (records, delimiter, lineEnd, cuts) => {
          const columns = records[0]?.length ?? 1;
          // A record of one null is a blank line, which is no record.
          const kept = records.filter((record) => record.length > 1 || record[0] !== null);
          const header = Array.from({ length: columns }, (_, index) => `c${index}`);
          const write = (value: string | null): string => (value === null ? '' : `"${value.replaceAll('"', '""')}"`);
          const text = [header, ...kept].map((record) => record.map(write).join(delimiter) + lineEnd).join('');
          expect(scan(Buffer.from(text), delimiter, cuts)).toEqual([header, ...kept]);
        },
      ),
    );
  });

  it('reads as csv-parse does what both can read', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab",\n]{0,30}$/), fc.array(fc.nat(40)), (text, cuts) => {
        const bytes = Buffer.from(`x,y\n${text}`);
        let expected: string[][];
        try {
          expected = parse(bytes, { relax_column_count: true, relax_quotes: true, skip_empty_lines: true });
        } catch {
          return;
        }
        // It takes a quote after a quoted field for a part of it; here that is a fault.
        let records: (string | null)[][];
        try {
          records = scan(bytes, ',', cuts);
        } catch (error) {
          expect(String(error)).toMatch(/fields?, the header has|text follows the quote|nothing closes/);
          return;
        }
        const padded = expected.map((record) => [...record, '', ''].slice(0, 2));
        expect(records.map((record) => record.map((value) => value ?? ''))).toEqual(padded);
      }),
      { numRuns: 500 },
    );
  });
});
