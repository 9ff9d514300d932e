import { open } from 'node:fs/promises';

/** How each write-ahead log of DuckDB begins: an entry of the type "version". */
const HEAD = Buffer.from([0x64, 0x00, 0x62, 0x65, 0x00]);

/**
 * Why the write-ahead log beside a file cannot be read; undefined if it can, or if there is none. DuckDB takes foreign
 * content for a log that was torn at its first entry, and opens the file without the rows of the log. A log that is
 * shorter than its head, or begins with zeros, is torn: the process or the machine ended before the first entry was
 * durable.
 */
export async function findWriteAheadLogFault(path: string): Promise<string | undefined> {
  const head = Buffer.alloc(HEAD.length);
  try {
    await using file = await open(`${path}.wal`, 'r');
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (bytesRead < HEAD.length || head.equals(HEAD) || head.every((byte) => byte === 0)) return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return (
    `its write-ahead log ${path}.wal is damaged, so its newest rows would be lost. Restore the data folder from a backup ` +
    '(docs/operations.md), or remove that file to start without those rows'
  );
}
