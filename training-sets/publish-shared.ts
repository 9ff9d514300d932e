import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { SharedFiles, SharedFile } from '../datasources/shared-files/shared-files.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';
import { toCanonicalJson } from '../values/canonical-json.js';
import type { OutputFile } from './output.js';
import { sidecarPath } from './provenance-file.js';
import { inUse } from './publish-file.js';
import type { TrainingSetResult } from './training-sets.js';

export interface Publication {
  /** Stores a checkpoint of the job. Throws if another gateway has taken it. */
  readonly confirm: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Writes a checked file under its name, where the gateways share their files, and never over the file of another job.
 *
 * A paused gateway may go on after another one took its job. So each write names the version that it replaces, and the
 * job is confirmed between reading the version and writing. A gateway that lost the job has read its version before the
 * next owner wrote, and its write is refused; what it wrote earlier, the next owner replaces.
 */
export async function publishShared(
  files: SharedFiles,
  id: string,
  output: OutputFile,
  { provenance }: TrainingSetResult,
  { confirm, signal }: Publication,
): Promise<void> {
  const { format, target, location, partial } = output;
  const isTaken = (there: SharedFile | undefined): boolean => there !== undefined && there.owner !== id;
  const putOnce = async (path: string, address: string, checksum: string): Promise<SharedFile | null> => {
    for (;;) {
      const there = await files.find(address);
      if (isTaken(there)) return null;
      if (there?.checksum === checksum) return there;
      await confirm();
      const written = await files.write(path, address, { owner: id, checksum, replaces: there?.version ?? null });
      if (written) return written;
    }
  };
  // A job can wait, and making the training set again would be billed again.
  const put = (path: string, address: string, checksum: string): Promise<SharedFile | null> =>
    retryOnOutage(signal, () => putOnce(path, address, checksum));
  if (isTaken(await retryOnOutage(signal, () => files.find(target)))) throw inUse(location);
  // The provenance comes first: then no file is without it.
  let sidecar: SharedFile | null = null;
  if (format === 'CSV' && provenance !== undefined) {
    const text = `${toCanonicalJson(provenance)}\n`;
    const path = sidecarPath(partial);
    await writeFile(path, text);
    try {
      sidecar = await put(path, sidecarPath(target), sha256(text));
    } finally {
      await rm(path, { force: true });
    }
    if (!sidecar) throw inUse(sidecarPath(location));
  }
  if (!(await put(partial, target, provenance?.checksum ?? ''))) {
    if (sidecar) await files.remove(sidecarPath(target), sidecar.version);
    throw inUse(location);
  }
  await rm(partial, { force: true });
}

/**
 * Finishes the publication of a checked file that an earlier attempt began. Returns false if that needs the work of
 * another gateway's disk: the training set is made again.
 */
export async function publishAgain(
  files: SharedFiles,
  id: string,
  output: OutputFile,
  result: TrainingSetResult,
  { isHere, ...publication }: Publication & { readonly isHere: boolean },
): Promise<boolean> {
  const there = await retryOnOutage(publication.signal, () => files.find(output.target));
  if (there?.owner === id && there.checksum === result.provenance?.checksum) return true;
  if (!isHere || !existsSync(output.partial)) return false;
  await publishShared(files, id, output, result, publication);
  return true;
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
