import { CsvScanner, headerFault } from './csv-scanner.ts';
import { JsonColumns, JsonScanner } from './json-scanner.ts';
import type { CsvDialect, LineFault, ScanRequest, ScanResult, TextFile } from './protocol.ts';
import { readChunks } from './read-chunks.ts';
import { RowsWriter } from './rows-writer.ts';
import { clip, ScanFault } from './scan-fault.ts';

/** A scan fault with its file. */
export class FileScanFault extends Error {
  override readonly name = 'FileScanFault';
  readonly fault: LineFault;

  constructor(file: TextFile, { line, problem }: ScanFault) {
    super(problem);
    this.fault = { file: file.name, line, problem };
  }
}

/** Reads text files in order and writes their rows. All CSV files must have the same header. */
export async function scanFiles(request: ScanRequest): Promise<ScanResult> {
  if (request.dialect.kind === 'CSV') return scanCsv(request, request.dialect);
  const columns = new JsonColumns();
  const first = await scanJson(request, columns);
  // Some columns appeared after rows had been written. The second scan knows them from the first row on.
  return first.hasLateColumns ? (await scanJson(request, columns)).result : first.result;
}

async function scanCsv(request: ScanRequest, dialect: CsvDialect): Promise<ScanResult> {
  const rows = new RowsWriter(request.target, dialect.delimiter);
  const options = {
    delimiter: dialect.delimiter.charCodeAt(0),
    header: dialect.header,
    nullText: dialect.nullText === null || dialect.nullText === '' ? null : Buffer.from(dialect.nullText),
    padsShortLines: request.padsShortLines,
    maxColumns: request.limits.maxColumns,
    maxRecordBytes: request.limits.maxRecordBytes,
  };
  let columns: readonly string[] | undefined;
  try {
    for (const [index, file] of request.files.entries()) {
      const scanner = new CsvScanner(options, rows, index, request.maxRows ?? Number.MAX_SAFE_INTEGER);
      await withFile(file, async () => {
        await scanChunks(request, file, scanner);
        if (!scanner.names) throw new ScanFault(null, 'it is empty');
        columns = checkHeader(scanner.names, columns, request.files[0]!.name);
      });
    }
  } finally {
    rows.close();
  }
  return { columns: columns ?? [], rows: rows.rows, badRows: 0, longestRow: rows.longestRow, onlyFault: null };
}

function checkHeader(names: string[], first: readonly string[] | undefined, firstFile: string): readonly string[] {
  const fault = headerFault(names);
  if (fault !== null) throw new ScanFault(1, fault);
  // Columns are read by position, so a file with other columns would be misread.
  if (first && names.join('\n') !== first.join('\n')) {
    throw new ScanFault(1, `its header is not that of "${clip(firstFile)}": the files do not have the same columns`);
  }
  return names;
}

async function scanJson(
  request: ScanRequest,
  columns: JsonColumns,
): Promise<{ readonly result: ScanResult; readonly hasLateColumns: boolean }> {
  const rows = new RowsWriter(request.target, ',');
  let hasLateColumns = false;
  let onlyFault: LineFault | null = null;
  try {
    for (const [index, file] of request.files.entries()) {
      const options = { keepsBadLines: request.keepsBadLines, ...request.limits };
      const scanner = new JsonScanner(options, rows, index, columns, request.maxRows ?? Number.MAX_SAFE_INTEGER);
      const before = rows.rows;
      await withFile(file, async () => {
        await scanChunks(request, file, scanner);
        if (rows.rows === before) throw new ScanFault(null, 'it is empty');
      });
      hasLateColumns ||= scanner.hasLateColumns;
      const { firstFault } = scanner;
      if (firstFault) onlyFault ??= { file: file.name, ...firstFault };
    }
  } finally {
    rows.close();
  }
  const isSound = rows.badRows < rows.rows;
  const result = {
    columns: columns.names,
    rows: rows.rows,
    badRows: rows.badRows,
    longestRow: rows.longestRow,
    onlyFault: isSound ? null : onlyFault,
  };
  return { result, hasLateColumns };
}

async function scanChunks(request: ScanRequest, file: TextFile, scanner: CsvScanner | JsonScanner): Promise<void> {
  const { encoding, limits } = request;
  const chunks = readChunks(file, { encoding, limits, currentLine: () => scanner.line });
  for await (const chunk of chunks) if (scanner.scan(chunk)) return;
  scanner.end();
}

async function withFile(file: TextFile, scan: () => Promise<void>): Promise<void> {
  await scan().catch((error: unknown) => {
    throw error instanceof ScanFault ? new FileScanFault(file, error) : error;
  });
}
