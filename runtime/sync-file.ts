import { open } from 'node:fs/promises';

/**
 * Returns when a file is on disk; of a folder, when the names in it are. After a power failure a name must not be that of a
 * file without its content: sync the file, rename it, then sync its folder.
 */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
