import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { syncFile } from '../runtime/sync-file.js';
import { toCanonicalJson } from '../values/canonical-json.js';
import type { TrainingSetProvenance } from './training-sets.js';

/** The file with the provenance of an output whose format has no metadata. */
export function sidecarPath(output: string): string {
  return `${output}.provenance.json`;
}

/**
 * Writes the provenance beside an output, and never over an existing file. Returns false if another file has the name.
 * A repetition after a crash finds the job's own file, with the same content.
 */
export async function publishSidecar(
  target: string,
  partial: string,
  provenance: TrainingSetProvenance,
): Promise<boolean> {
  const text = `${toCanonicalJson(provenance)}\n`;
  const temporary = sidecarPath(partial);
  const path = sidecarPath(target);
  await writeFile(temporary, text);
  try {
    await syncFile(temporary);
    await link(temporary, path);
    return true;
  } catch (error) {
    const existing = await readFile(path, 'utf8').catch(() => undefined);
    if (existing === undefined) throw error;
    return existing === text;
  } finally {
    await rm(temporary, { force: true });
  }
}
