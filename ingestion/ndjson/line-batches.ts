import { setImmediate } from 'node:timers/promises';
import { AppError, badInput } from '../../errors/app-error.js';
import { INGEST_LIMITS, type IngestLimits } from '../../limits/ingest-limits.js';
import { toChunks } from '../../runtime/to-chunks.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import type { IncomingRow } from '../feature-writer.js';
import { parseRowJson } from '../rows/parse-json.js';
import { readRow } from '../rows/read-row.js';
import { readPlainRow } from './read-plain-row.js';
import { ChunkLine, LineSplitter, type InputLine } from './split-lines.js';

export interface LinesToRead {
  readonly entityType: EntityType;
  /** Throws an AppError for a row that the sender may not write. */
  readonly check: (row: IncomingRow) => void;
  /** The features that the sender may know: errors name no other. Absent: all. */
  readonly nameable?: (() => readonly Feature[]) | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  readonly limits?: Pick<IngestLimits, 'maxLineBytes' | 'maxRowsPerWrite'>;
}

/** Lines that one write takes. */
export interface Batch {
  readonly lines: readonly ReadLine[];
  /** The lines that were read for it, also blank ones. */
  readonly count: number;
}

export interface ReadLine {
  readonly number: number;
  readonly row: IncomingRow | AppError;
}

/**
 * Reads lines into batches. The socket gives some hundred rows at a time, and each write costs the same again: a commit, receipts, a
 * line of the audit log. So what arrives during a write goes together with the next one, and so does what has arrived already when a write
 * could begin: the socket gives it in the next turns of the event loop.
 */
export class LineBatches {
  readonly #reading: AsyncGenerator<Batch, void>;
  readonly #maxRows: number;
  #next: Promise<IteratorResult<Batch, void>>;

  constructor(options: LinesToRead) {
    this.#maxRows = (options.limits ?? INGEST_LIMITS).maxRowsPerWrite;
    this.#reading = readBatches(options);
    this.#next = this.#read();
  }

  /**
   * The next batch, and what arrives after it until `until` resolves and the socket has nothing more, or until the batch is full; undefined
   * at the end.
   */
  async take(until: Promise<unknown>): Promise<Batch | undefined> {
    const first = await this.#next;
    if (first.done) return undefined;
    let { lines, count } = first.value;
    for (;;) {
      this.#next = this.#read();
      // A failure to read is that of the next batch.
      const more = await Promise.race([until.then(socketTurns), this.#next.catch(() => undefined)]);
      if (!more || more.done || lines.length + more.value.lines.length > this.#maxRows) return { lines, count };
      // Blank lines have no rows that fill a batch, and are charged with it.
      if (count + more.value.count > this.#maxRows) return { lines, count };
      lines = [...lines, ...more.value.lines];
      count += more.value.count;
    }
  }

  /** Ends without waiting for the sender, which may be silent. */
  end(): void {
    void this.#reading.return().catch(() => undefined);
  }

  #read(): Promise<IteratorResult<Batch, void>> {
    const next = this.#reading.next();
    // `take` gives the failure.
    next.catch(() => undefined);
    return next;
  }
}

/** The first turn resumes the socket, which stops while it holds a chunk, and the second one reads it. */
async function socketTurns(): Promise<undefined> {
  await setImmediate();
  await setImmediate();
}

async function* readBatches({
  entityType,
  body,
  check,
  nameable,
  limits = INGEST_LIMITS,
}: LinesToRead): AsyncGenerator<Batch, void> {
  const splitter = new LineSplitter(limits.maxLineBytes);
  const read = (line: InputLine): ReadLine => ({
    number: line.number,
    row: readLine(entityType, line, limits.maxLineBytes, { check, nameable }),
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

function readLine(
  entityType: EntityType,
  line: InputLine,
  maxLineBytes: number,
  { check, nameable }: Pick<LinesToRead, 'check' | 'nameable'>,
): IncomingRow | AppError {
  try {
    const row = readPlain(entityType, line) ?? readAny(entityType, line, maxLineBytes, nameable);
    check(row);
    return row;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function readPlain(entityType: EntityType, line: InputLine): IncomingRow | undefined {
  if (line instanceof ChunkLine) return readPlainRow(entityType, line);
  const { text } = line;
  return text === null ? undefined : readPlainRow(entityType, { within: text, start: 0, end: text.length });
}

function readAny(
  entityType: EntityType,
  { text, problem }: InputLine,
  maxLineBytes: number,
  nameable: LinesToRead['nameable'],
): IncomingRow {
  if (text !== null) return readRow(entityType, parseRowJson(text, hasStructs(entityType)), nameable);
  throw problem === 'TOO_LONG'
    ? new AppError('PAYLOAD_TOO_LARGE', `A line has at most ${maxLineBytes} bytes.`)
    : badInput('The line is not UTF-8.');
}

function hasStructs({ features }: EntityType): boolean {
  return features.some(({ valueType }) => valueType === 'STRUCT');
}
