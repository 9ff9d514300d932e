import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toRecordBatches, unstreamable } from '../datasources/duckdb/arrow-batches.js';
import { interruptWhenAborted } from '../datasources/duckdb/interrupt-on-abort.js';
import { quoteText } from '../datasources/duckdb/sql-text.js';
import { AppError, badInput } from '../errors/app-error.js';
import { fileChecksum } from '../runtime/file-checksum.js';
import type { TrainingSetDependencies } from './training-set-dependencies.js';
import type { TrainingSetJobRecord, TrainingSetResult, TrainingSetStream } from './training-sets.js';

/**
 * Opens the file of a training set, in the order of its rows. Refuses a job without a file that can be streamed, and a file
 * that is not the one that the job made.
 */
export async function streamTrainingSet(
  dependencies: TrainingSetDependencies,
  { id, state, result }: TrainingSetJobRecord,
  signal: AbortSignal,
): Promise<TrainingSetStream> {
  if (state !== 'SUCCEEDED' || !result) {
    throw badInput(`The job is ${state}. Only a training set whose job SUCCEEDED is sent.`, 'id');
  }
  if (result.output.format !== 'PARQUET') {
    throw badInput(`The training set is in the format ${result.output.format}. Only PARQUET is sent.`, 'id');
  }
  await using opened = new AsyncDisposableStack();
  const path = await findFile(dependencies, id, result, { opened, signal });
  const connection = await dependencies.database.connect();
  opened.defer(() => connection.closeSync());
  opened.defer(interruptWhenAborted(connection, signal));
  signal.throwIfAborted();
  const rows = await connection.stream(`SELECT * FROM read_parquet(${quoteText(path.replaceAll(/[*?[]/g, '[$&]'))})`);
  const [other] = unstreamable(rows);
  if (other) {
    throw new AppError(
      'VALUE_NOT_REPRESENTABLE',
      `The column "${other.name}" is a ${other.type}, which a stream does not carry. Read the Parquet file.`,
      { field: 'id' },
    );
  }
  const kept = opened.move();
  return { batches: toRecordBatches(rows), close: () => kept.disposeAsync() };
}

/** The path of the file on this machine. */
async function findFile(
  { files, shared, workFolder }: TrainingSetDependencies,
  id: string,
  { output, provenance }: TrainingSetResult,
  { opened, signal }: { readonly opened: AsyncDisposableStack; readonly signal: AbortSignal },
): Promise<string> {
  if (shared) {
    const found = await shared.files.find(output.location);
    if (found?.owner !== id) throw fileGone();
    await mkdir(workFolder, { recursive: true });
    const copy = join(workFolder, `${id}.${randomUUID()}.reading`);
    opened.defer(() => rm(copy, { force: true }));
    await shared.files.read(output.location, found.version, copy, signal);
    return copy;
  }
  const path = await files.writable(output.location, 'id');
  const isThere = await stat(path)
    .then((found) => found.isFile())
    .catch(() => false);
  if (!isThere) throw fileGone();
  // Another job, of another client, may have written a file of this name since the first was removed.
  const checksum = provenance?.checksum ?? null;
  if (checksum !== null && (await fileChecksum(path)) !== checksum) throw fileGone();
  return path;
}

function fileGone(): AppError {
  return new AppError('FILE_NOT_FOUND', 'The file of this training set was removed or replaced. Start the job again.', {
    field: 'id',
  });
}
