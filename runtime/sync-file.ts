import { open } from 'node:fs/promises';

/**
 * Returns when a file is on disk, or, for a folder, when its file names are. After a power failure, a name must not
 * refer to a file without its content: sync the file, rename it, then sync its folder.
 */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
