import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { AppError, badInput } from '../../errors/app-error.js';
import { FILE_LIMITS } from '../../limits/file-limits.js';
import { makeFolder } from '../../runtime/make-folder.js';
import { toAppError } from './file-fault.js';
import type { FileFormat } from './file-format.js';
import { FileReader } from './file-reader.js';
import { findNamedFiles, type NamedFiles } from './named-files.js';

/**
 * The files that clients may name: the files in one folder of the data folder, by their relative path. A name that
 * leaves the folder (`..`, an absolute path, a link to another location) is rejected: a client must not read or write
 * the machine's files.
 */
export class DataFiles {
  #reader: Promise<FileReader> | undefined;

  private constructor(
    readonly folder: string,
    reader: FileReader | undefined,
  ) {
    this.#reader = reader && Promise.resolve(reader);
  }

  /**
   * `reader` reads the files. If it is absent, a reader is opened on first use, with its work folder beside this
   * folder.
   */
  static async open(folder: string, reader?: FileReader): Promise<DataFiles> {
    await makeFolder(folder);
    return new DataFiles(await realpath(folder), reader);
  }

  /** The promise is kept, not the reader: a second reader would empty the work folder of the first. */
  reader(): Promise<FileReader> {
    this.#reader ??= FileReader.open(`${this.folder}-reading`);
    return this.#reader;
  }

  /** The files that a name refers to: a file, a folder or a pattern. `field` is the argument that named them. */
  async select(name: string, format: FileFormat, field: string): Promise<NamedFiles> {
    const path = this.#inside(name, field);
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined && !this.#contains(real)) throw outside(name, field);
    const found = await findNamedFiles(path, name, { format, within: this.folder }).catch((error: unknown) => {
      throw toAppError(error, field);
    });
    if (found) return found;
    throw new AppError('FILE_NOT_FOUND', `There is no file "${name}" in the folder for files of the data folder.`, {
      field,
    });
  }

  /** The path of a file to write. Creates its folder, but not through a link to another location. */
  async writable(name: string, field: string): Promise<string> {
    const path = this.#inside(name, field);
    if (path === this.folder) throw outside(name, field);
    if (!this.#contains(await nearestExisting(path))) throw outside(name, field);
    await mkdir(dirname(path), { recursive: true });
    return path;
  }

  #inside(name: string, field: string): string {
    if (name.length > FILE_LIMITS.maxPathLength) {
      throw badInput(`A path has at most ${FILE_LIMITS.maxPathLength} characters.`, field);
    }
    const path = resolve(join(this.folder, name));
    if (name === '' || name.includes('\0') || name.startsWith('/') || !this.#contains(path)) throw outside(name, field);
    // The file system would replace half of a surrogate pair by U+FFFD, which is another file name.
    if (!name.isWellFormed()) throw outside(name, field);
    return path;
  }

  #contains(path: string): boolean {
    return path === this.folder || path.startsWith(this.folder + sep);
  }
}

function outside(name: string, field: string): AppError {
  return badInput(`"${name}" is not a path inside the folder for files. Give one such as labels/june.parquet.`, field);
}

/** The real path of a path, or of its closest existing parent folder. */
async function nearestExisting(path: string): Promise<string> {
  return realpath(path).catch(() => nearestExisting(dirname(path)));
}
