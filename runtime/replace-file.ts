import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFile } from './sync-file.js';

const UNFINISHED = '.new';

/** Whether a file is what a process left that ended in the middle of `replaceFile`. */
export function isUnfinished(name: string): boolean {
  return name.endsWith(UNFINISHED);
}

/**
 * Replaces the text of a file, and returns when it is on disk. A reader, also after a power failure, finds the text before
 * or after the change. One process at a time may call it for a path.
 */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${path}${UNFINISHED}`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFile(dirname(path));
}
