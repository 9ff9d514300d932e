import type { EntityType } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { INGEST_LIMITS, type IngestLimits } from '../../limits/ingest-limits.js';
import { toChunks } from '../../runtime/to-chunks.js';
import type { FeatureWriter, IncomingRow } from '../feature-writer.js';
import { parseRowJson } from '../rows/parse-json.js';
import { readRow } from '../rows/read-row.js';
import { refusalOfError, refusalOfFault } from '../rows/row-fault.js';
import { readPlainRow } from './read-plain-row.js';
import type { Receipt } from './receipt.js';
import { LineSplitter, type InputLine } from './split-lines.js';

export interface IngestLines {
  readonly entityType: EntityType;
  readonly writer: FeatureWriter;
  /** Throws an AppError for a row that the sender may not write. */
  readonly check: (row: IncomingRow) => void;
  readonly body: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  readonly limits?: Pick<IngestLimits, 'maxLineBytes' | 'maxRowsPerWrite'>;
}

/** What a write did. */
export interface IngestedLines {
  readonly receipts: readonly Receipt[];
  /** The lines that were read for it, also blank ones: what the sender is charged with. */
  readonly lines: number;
}

/**
 * Writes rows as they arrive, and gives the receipts of each write when its rows are durable. While a write runs, the
 * next bytes are read into rows, and no further: a writer or a client that is slow slows the sender down.
 */
export async function* ingestLines(options: IngestLines): AsyncGenerator<IngestedLines, void> {
  const batches = readBatches(options);
  try {
    let next = batches.next();
    for (;;) {
      const batch = await next;
      if (batch.done) return;
      const { lines, count } = batch.value;
      const writing = writeLines(options, lines);
      next = batches.next();
      // A failure to read comes after the receipts of this write.
      next.catch(() => undefined);
      yield { receipts: await writing, lines: count };
    }
  } finally {
    // Not awaited: the sender may be silent.
    void batches.return().catch(() => undefined);
  }
}

interface Batch {
  readonly lines: readonly ReadLine[];
  readonly count: number;
}

interface ReadLine {
  readonly number: number;
  readonly row: IncomingRow | AppError;
}

async function* readBatches({
  entityType,
  body,
  check,
  limits = INGEST_LIMITS,
}: IngestLines): AsyncGenerator<Batch, void> {
  const splitter = new LineSplitter(limits.maxLineBytes);
  const read = (line: InputLine): ReadLine => ({
    number: line.number,
    row: readLine(entityType, line, limits.maxLineBytes, check),
  });
  for await (const chunk of body) {
    const lines = splitter.push(chunk);
    const count = splitter.takeCount();
    // The count is of all lines of the chunk, and goes with the first write of it.
    if (lines.length === 0 && count > 0) yield { lines: [], count };
    for (const [index, part] of toChunks(lines, limits.maxRowsPerWrite).entries()) {
      yield { lines: part.map(read), count: index === 0 ? count : 0 };
    }
  }
  const last = splitter.end();
  if (last.length > 0) yield { lines: last.map(read), count: splitter.takeCount() };
}

async function writeLines({ entityType, writer, signal }: IngestLines, lines: readonly ReadLine[]): Promise<Receipt[]> {
  const rows: IncomingRow[] = [];
  const receipts: Receipt[] = [];
  const indexOfRow: number[] = [];
  for (const [index, { number, row }] of lines.entries()) {
    if (row instanceof AppError) {
      receipts.push({ line: number, status: 'REFUSED', ...refusalOfError(row) });
      continue;
    }
    receipts.push({ line: number, status: 'WRITTEN' });
    indexOfRow.push(index);
    rows.push(row);
  }
  if (rows.length === 0) return receipts;
  const { duplicateRows, faults } = await writer.write({ entityType, rows, signal });
  const replace = (row: number, receipt: Omit<Receipt, 'line'>): void => {
    const index = indexOfRow[row]!;
    receipts[index] = { line: lines[index]!.number, ...receipt };
  };
  for (const row of duplicateRows) replace(row, { status: 'DUPLICATE' });
  for (const fault of faults) replace(fault.row, { status: 'REFUSED', ...refusalOfFault(fault) });
  return receipts;
}

function readLine(
  entityType: EntityType,
  { text, problem }: InputLine,
  maxLineBytes: number,
  check: IngestLines['check'],
): IncomingRow | AppError {
  if (text === null) {
    return problem === 'TOO_LONG'
      ? new AppError('PAYLOAD_TOO_LARGE', `A line has at most ${maxLineBytes} bytes.`)
      : new AppError('BAD_USER_INPUT', 'The line is not UTF-8.');
  }
  try {
    const row = readPlainRow(entityType, text) ?? readRow(entityType, parseRowJson(text));
    check(row);
    return row;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
