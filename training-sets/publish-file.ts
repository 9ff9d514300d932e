import { existsSync } from 'node:fs';
import { link, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { JobFailure } from '../jobs/job-failure.js';
import { syncFile } from '../runtime/sync-file.js';
import type { OutputFile } from './output.js';
import { publishSidecar, sidecarPath } from './provenance-file.js';
import type { TrainingSetResult } from './training-sets.js';

/**
 * Publishes a checked file under its name. Unlike a rename, a link never overwrites an existing file: if two jobs have
 * the same output name, the second one fails. A repetition after a crash recognizes the job's own file.
 */
export async function publishFile(
  { format, location, target, partial }: OutputFile,
  { provenance }: TrainingSetResult,
): Promise<void> {
  if (!existsSync(partial) && existsSync(target)) return;
  // The provenance comes first: then no file is without it.
  const hasSidecar = format === 'CSV' && provenance !== undefined;
  if (hasSidecar && !(await publishSidecar(target, partial, provenance))) throw inUse(sidecarPath(location));
  try {
    await link(partial, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
    const [mine, there] = [await stat(partial, { bigint: true }), await stat(target, { bigint: true })];
    if (mine.ino !== there.ino || mine.dev !== there.dev) {
      if (hasSidecar) await rm(sidecarPath(target), { force: true });
      throw inUse(location);
    }
  }
  await syncFile(dirname(target));
  await rm(partial, { force: true });
}

export function inUse(location: string): JobFailure {
  return new JobFailure('OUTPUT_IN_USE', `Something else was written to "${location}" meanwhile. Name another output.`);
}
