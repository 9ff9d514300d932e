import { join, posix } from 'node:path';
import { AppError, badInput } from '../../errors/app-error.js';
import type { SharedFile, SharedFiles } from './shared-files.js';

export interface FetchOptions {
  /** The argument that named the file. */
  readonly field: string;
  /** An empty folder of this machine. */
  readonly folder: string;
  /** The size of a file that this machine has room for. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface FetchedFile extends SharedFile {
  /** The path of the copy. Its extension is that of the file: it says how the file is compressed. */
  readonly path: string;
  readonly address: string;
}

/** Copies the newest version of a file that a client named to a folder of this machine. */
export async function fetchSharedFile(
  shared: SharedFiles,
  name: string,
  { field, folder, maxBytes, signal }: FetchOptions,
): Promise<FetchedFile> {
  const address = shared.address(name, field);
  const found = await shared.find(address);
  if (!found) {
    throw new AppError('FILE_NOT_FOUND', `There is no file "${name}" in the folder that the gateways share.`, {
      field,
    });
  }
  if (found.bytes > BigInt(maxBytes)) {
    throw badInput(
      `"${name}" has ${found.bytes} bytes. A file that is read from the shared folder has at most ${maxBytes}. Split it.`,
      field,
    );
  }
  const path = join(folder, posix.basename(address));
  await shared.read(address, found.version, path, signal);
  return { ...found, path, address };
}
