import { FileFault } from './file-fault.js';
import { findFormat, type FileFormat } from './file-format.js';
import { selectFiles, type SelectedFile } from './select-files.js';

/** The files that one name refers to. All have one format. */
export interface NamedFiles {
  /** At least one. */
  readonly files: readonly SelectedFile[];
  readonly format: FileFormat;
}

export interface NamedFilesOptions {
  /** null: the extensions of the names decide. */
  readonly format: FileFormat | null;
  /** The folder that no path may leave; null where every file may be read. */
  readonly within: string | null;
}

/** Finds the files of a path, a folder or a pattern. undefined: there are none. Throws FileFault. */
export async function findNamedFiles(
  path: string,
  name: string,
  options: NamedFilesOptions,
): Promise<NamedFiles | undefined> {
  const files = await selectFiles(path, name, options);
  const [first] = files ?? [];
  if (!files || !first) return undefined;
  const format = options.format ?? findFormat(first.name);
  if (!format)
    throw new FileFault(first.name, null, 'the extension of its name is not one of a known format. Set "format"');
  const other = options.format === null ? files.find((file) => findFormat(file.name) !== format) : undefined;
  if (other)
    throw new FileFault(other.name, null, `it is not of the format of "${first.name}". Say which one is meant`);
  return { files, format };
}
