import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** The head of a file of DuckDB: a checksum, these four bytes, and the version of the format of its storage. */
const MAGIC = 'DUCK';
const MAGIC_AT = 8;
const VERSION_AT = 12;

/**
 * Why DuckDB did not open a file, and what an operator can do. DuckDB's own message names what it found, but it calls a
 * file of a newer version damaged, because its checksum comes first.
 */
export async function explainOpenFault(path: string, cause: unknown): Promise<string> {
  const message = (cause as Error).message.split('\n')[0]!;
  if (/could not set lock|conflicting lock|being used by another process/i.test(message)) {
    return (
      'Does another process use the same data folder? ' +
      'Stop it, or give this one its own folder with FEATUREGRAPH_DATA_DIR'
    );
  }
  if (/permission denied|read-only file system|cannot open file/i.test(message) && existsSync(path)) {
    return `${describe(message)}. Give this user the right to write the file and its folder`;
  }
  const head = await readHead(path);
  if (head !== null && head.magic !== MAGIC) return `it is not a DuckDB file. ${RESTORE}`;
  const newer = /version number (\d+)/i.exec(message);
  if (newer) return `it has version ${newer[1]} of DuckDB's format, which this featuregraph does not read. ${UPGRADE}`;
  if (/corrupt|checksum|could not read enough bytes|not a valid/i.test(message)) {
    return `it is damaged or cut off${head ? ` (version ${head.version} of DuckDB's format)` : ''}. ${RESTORE}`;
  }
  return `${describe(message)}. ${RESTORE}`;
}

const RESTORE =
  'Restore the data folder from a backup (docs/operations.md), or set FEATUREGRAPH_DATA_DIR to another folder';
const UPGRADE = 'Use the featuregraph that wrote it, or set FEATUREGRAPH_DATA_DIR to another folder';

function describe(message: string): string {
  return `DuckDB says: ${message.replace(/\.$/, '')}`;
}

async function readHead(path: string): Promise<{ readonly magic: string; readonly version: bigint } | null> {
  try {
    await using file = await open(path, 'r');
    const bytes = Buffer.alloc(VERSION_AT + 8);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead < bytes.length) return { magic: '', version: 0n };
    return { magic: bytes.toString('latin1', MAGIC_AT, VERSION_AT), version: bytes.readBigUInt64LE(VERSION_AT) };
  } catch {
    return null;
  }
}
