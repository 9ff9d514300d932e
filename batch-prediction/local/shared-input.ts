import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../../errors/app-error.js';
import type { FileFormat } from '../../datasources/files/file-format.js';
import { checkOptions, type FileOptions } from '../../datasources/files/file-options.js';
import type { SelectedFile } from '../../datasources/files/select-files.js';
import { fetchSharedFile, type FetchOptions } from '../../datasources/shared-files/fetch-shared-file.js';
import type { SharedFiles } from '../../datasources/shared-files/shared-files.js';
import { FILE_LIMITS } from '../../limits/file-limits.js';
import type { InputFiles } from './input-files.js';

/** Files of an input that several gateways share, before they are copied to this machine. */
export interface SharedInput {
  readonly shared: SharedFiles;
  readonly names: readonly string[];
  readonly format: FileFormat;
  readonly options: FileOptions;
  /** The argument that named them. */
  readonly field: string;
}

export interface FetchedInput {
  readonly input: InputFiles;
  /** The versions of the files: the copies do not change, and a later copy may be of other versions. */
  readonly fingerprint: string;
}

/** Copies the files of an input, one after another, in the order of their names. */
export async function fetchInput(
  { shared, names, format, options, field }: SharedInput,
  { folder, signal }: Pick<FetchOptions, 'folder' | 'signal'>,
): Promise<FetchedInput> {
  if (names.length === 0) throw badInput('Name at least one file.', field);
  checkOptions(options, format, field);
  const files: SelectedFile[] = [];
  const versions: string[] = [];
  let bytes = 0n;
  for (const [index, name] of names.entries()) {
    // Files of different folders may have one name.
    const own = join(folder, `input-${index}`);
    await mkdir(own, { recursive: true });
    const fetched = await fetchSharedFile(shared, name, {
      field,
      folder: own,
      maxBytes: FILE_LIMITS.maxSharedFileBytes,
      signal,
    });
    bytes += fetched.bytes;
    if (bytes > BigInt(FILE_LIMITS.maxSharedFileBytes)) {
      throw badInput(
        `The files of the input have more than ${FILE_LIMITS.maxSharedFileBytes} bytes. Start a job for each part of them.`,
        field,
      );
    }
    files.push({ path: fetched.path, name, partitions: new Map() });
    versions.push(`${JSON.stringify(name)} ${fetched.bytes} ${fetched.version}`);
  }
  return { input: { files, format, options, field }, fingerprint: versions.join(', ') };
}
