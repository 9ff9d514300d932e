import { stat } from 'node:fs/promises';

/** A file of an input, with the name by which the job knows it. */
export interface FingerprintedFile {
  readonly path: string;
  readonly name: string;
}

/** The names, sizes and times of files: they change when the files do. */
export async function fingerprintFiles(files: readonly FingerprintedFile[]): Promise<string> {
  const lines = await Promise.all(
    files.map(async ({ path, name }) => `${JSON.stringify(name)} ${await sizeAndTime(path)}`),
  );
  return lines.join(', ');
}

/** Whether two fingerprints are of the same files. Checkpoints of older versions have no names. */
export function isSameFingerprint(stored: string, current: string): boolean {
  return stored === current || stored === current.replaceAll(/"(?:[^"\\]|\\.)*" /g, '');
}

async function sizeAndTime(path: string): Promise<string> {
  const { size, mtimeNs } = await stat(path, { bigint: true });
  return `${size} ${mtimeNs}`;
}
