import { FILE_LIMITS } from '../../limits/file-limits.js';
import { quoteText } from '../duckdb/sql-text.js';
import { FileFault } from './file-fault.js';
import { compressionOfFile, delimiterOfFile } from './file-format.js';
import { toEncodingLabel, type FileOptions } from './file-options.js';
import type { FileWorker } from './file-worker.js';
import type { SelectedFile } from './select-files.js';
import type { CellFormat } from './type-candidates.js';
import type { LineFault, ScanResult } from './worker/protocol.js';

export interface TextFiles {
  /** At least one. */
  readonly files: readonly SelectedFile[];
  readonly format: CellFormat;
  readonly options: FileOptions;
}

/** Reads the columns and rows of text files. It stops after `maxRows` rows. */
export async function scanTextFiles(
  worker: FileWorker,
  { files, format, options }: TextFiles,
  { target, keepsBadRows, maxRows }: { target: string | null; keepsBadRows: boolean; maxRows: number | null },
): Promise<ScanResult> {
  const [first] = files;
  return worker.scan({
    files: files.map(({ path, name }) => ({ path, name, compression: options.compression ?? compressionOfFile(name) })),
    dialect:
      format === 'CSV'
        ? {
            kind: 'CSV',
            delimiter: options.delimiter ?? delimiterOfFile(first!.name),
            header: options.header ?? true,
            nullText: options.nullText ?? null,
          }
        : { kind: 'JSONL' },
    encoding: toEncodingLabel(options.encoding ?? 'utf-8')!,
    target,
    keepsBadLines: keepsBadRows,
    padsShortLines: keepsBadRows,
    maxRows,
    limits: FILE_LIMITS,
  });
}

/** Rejects files of JSON lines that contain no object. */
export function requireObjects({ onlyFault }: { readonly onlyFault: LineFault | null }): void {
  if (!onlyFault) return;
  const { file, line, problem } = onlyFault;
  if (problem === 'is a list') {
    throw new FileFault(
      file,
      line,
      'it is a list, and no line of the file is an object. Each row is one JSON object on a line of its own, with a name for each value',
    );
  }
  throw new FileFault(file, line, `the line ${problem}. Each row is one JSON object on a line of its own`);
}

/** A column of text files: its name, and the name of its cells in the rows. */
export interface Cell {
  readonly name: string;
  readonly cell: string;
  readonly format: CellFormat;
}

/** The columns of the files, followed by those of the partition folders. */
export function toCells({ files, format }: TextFiles, names: readonly string[]): Cell[] {
  const partitions = partitionNames(files);
  const both = partitions.find((name) => names.some((other) => other.toLowerCase() === name.toLowerCase()));
  if (both !== undefined)
    throw new FileFault(files[0]!.name, null, `it has the column "${both}", and its path says it too`);
  const all = [
    ...names.map((name) => ({ name, format })),
    ...partitions.map((name) => ({ name, format: 'CSV' as const })),
  ];
  return all.map((column, index) => ({ ...column, cell: `c${index}` }));
}

/** The columns of the partition folders; they must be the same for all files. */
export function partitionNames(files: readonly SelectedFile[]): string[] {
  const names = [...files[0]!.partitions.keys()];
  const other = files.find(({ partitions }) => [...partitions.keys()].join('\n') !== names.join('\n'));
  if (other) {
    throw new FileFault(other.name, null, `its folders name other columns than those of "${files[0]!.name}"`);
  }
  return names;
}

/** The relation with the cells of the rows, as text. */
export function rowsSql(
  path: string,
  { files, format, options }: TextFiles,
  { columns, longestRow }: ScanResult,
): string {
  const delimiter = format === 'CSV' ? (options.delimiter ?? delimiterOfFile(files[0]!.name)) : ',';
  const types = [
    `'file': 'INTEGER', 'line': 'BIGINT', 'line_fault': 'VARCHAR'`,
    ...columns.map((_, index) => `'c${index}': 'VARCHAR'`),
  ];
  const partitions = partitionNames(files).map((name, index) => {
    const values = files.map(({ partitions: of }) => of.get(name) ?? null);
    const list = values.map((value) => (value === null ? 'NULL' : quoteText(value)));
    return `, CAST([${list.join(', ')}] AS VARCHAR[])[file + 1] AS c${columns.length + index}`;
  });
  return `(SELECT *${partitions.join('')} FROM read_csv(${quoteText(path)}, auto_detect = false, header = false, delim = ${quoteText(delimiter)},
  quote = '"', escape = '"', new_line = '\\n', allow_quoted_nulls = false, max_line_size = ${Math.max(2 ** 21, longestRow + 1024)},
  columns = {${types.join(', ')}}))`;
}
