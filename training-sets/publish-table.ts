import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { OutputTable, OutputTables } from '../datasources/output-tables/output-tables.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';
import type { OutputFile } from './output.js';
import { inUse } from './publish-file.js';
import type { Publication } from './publish-shared.js';
import type { TrainingSetResult } from './training-sets.js';

/**
 * Loads a checked file into a table that is not there yet. A table with rows is never written again: neither that of
 * another job, nor what a paused gateway, which lost this job, loaded after all.
 */
export async function publishTable(
  tables: OutputTables,
  id: string,
  { target, location, partial }: OutputFile,
  { provenance }: TrainingSetResult,
  { confirm, signal }: Publication,
): Promise<void> {
  const checksum = provenance?.checksum ?? '';
  const find = (): Promise<OutputTable | undefined> => retryOnOutage(signal, () => tables.find(target));
  const there = await find();
  if (!isOwn(there, id, checksum)) {
    if (there !== undefined) throw inUse(location);
    await confirm();
    await retryOnOutage(signal, () => tables.load(partial, target, { owner: id, checksum }, signal));
    // The load of another gateway may have been first, also into an empty table that was made meanwhile.
    if (!isOwn(await find(), id, checksum)) throw inUse(location);
  }
  await rm(partial, { force: true });
}

/**
 * Finishes the publication of a checked file that an earlier attempt began. Returns false if that needs the work of
 * another gateway's disk: the training set is made again.
 */
export async function publishTableAgain(
  tables: OutputTables,
  id: string,
  output: OutputFile,
  result: TrainingSetResult,
  { isHere, ...publication }: Publication & { readonly isHere: boolean },
): Promise<boolean> {
  const { signal } = publication;
  const checksum = result.provenance?.checksum ?? '';
  const wasLoaded = await retryOnOutage(signal, () => tables.resume({ owner: id, checksum }, signal));
  if (wasLoaded && isOwn(await retryOnOutage(signal, () => tables.find(output.target)), id, checksum)) {
    await rm(output.partial, { force: true });
    return true;
  }
  if (!isHere || !existsSync(output.partial)) return false;
  await publishTable(tables, id, output, result, publication);
  return true;
}

/** A table has the first digits of the checksum. */
function isOwn(table: OutputTable | undefined, id: string, checksum: string): boolean {
  return table?.owner === id && table.checksum !== null && checksum.includes(table.checksum);
}
