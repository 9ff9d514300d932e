import { AppError } from '../../errors/app-error.js';
import type { FeatureWriter, IncomingRow } from '../feature-writer.js';
import { refusalOfError, refusalOfFault } from '../rows/row-fault.js';
import { LineBatches, type LinesToRead, type ReadLine } from './line-batches.js';
import { toReceiptViolations, type Receipt } from './receipt.js';

export interface IngestLines extends LinesToRead {
  readonly writer: FeatureWriter;
  readonly signal: AbortSignal;
}

/** What a write did. */
export interface IngestedLines {
  readonly receipts: readonly Receipt[];
  /** The lines that were read for it, also blank ones: what the sender is charged with. */
  readonly lines: number;
}

/**
 * Writes rows as they arrive, and gives the receipts of each write when its rows are durable. While a write runs, the
 * rows of the next one are read, and no more: a writer or a client that is slow slows the sender down.
 */
export async function* ingestLines(options: IngestLines): AsyncGenerator<IngestedLines, void> {
  const batches = new LineBatches(options);
  try {
    let next = batches.take(Promise.resolve());
    for (;;) {
      const batch = await next;
      if (!batch) return;
      const writing = writeLines(options, batch.lines);
      next = batches.take(writing.catch(() => undefined));
      // A failure to read comes after the receipts of this write.
      next.catch(() => undefined);
      yield { receipts: await writing, lines: batch.count };
    }
  } finally {
    batches.end();
  }
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
  const { duplicateRows, faults, quarantined, warned } = await writer.write({ entityType, rows, signal });
  const replace = (row: number, receipt: Omit<Receipt, 'line'>): void => {
    const index = indexOfRow[row]!;
    receipts[index] = { line: lines[index]!.number, ...receipt };
  };
  for (const row of duplicateRows) replace(row, { status: 'DUPLICATE' });
  for (const fault of faults) replace(fault.row, { status: 'REFUSED', ...refusalOfFault(fault) });
  for (const { row, violations } of quarantined) {
    replace(row, { status: 'QUARANTINED', violations: toReceiptViolations(violations) });
  }
  for (const { row, violations } of warned) {
    const { status } = receipts[indexOfRow[row]!]!;
    replace(row, { status, violations: toReceiptViolations(violations) });
  }
  return receipts;
}
