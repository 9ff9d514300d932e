import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { FILE_LIMITS } from '../../limits/file-limits.js';
import { FileFault } from './file-fault.js';
import { findFormat, type FileFormat } from './file-format.js';
import { pathPattern } from './path-pattern.js';

/** A file to read. */
export interface SelectedFile {
  readonly path: string;
  /** The file's name in the user's notation. */
  readonly name: string;
  /** The partition columns in the names of its folders: day=2024-02-01. null is an absent value. */
  readonly partitions: ReadonlyMap<string, string | null>;
}

export interface SelectFilesOptions {
  /** Files of another format in folders are ignored. null: files whose name has a known extension. */
  readonly format: FileFormat | null;
  /** The folder that no path may leave; null where every file may be read. */
  readonly within: string | null;
}

const PATTERN = /[*?[]/;

/**
 * Finds the files of a path: a file, all files of a folder and its subfolders, or the files that match a pattern (`*`,
 * `?`, `[…]`, and `**` for any folders), in the order of their names. undefined: there are none. In folders, names that
 * begin with _ or . are ignored: tools write their metadata under such names. A path that equals the name of an
 * existing file always means that file.
 */
export async function selectFiles(
  path: string,
  name: string,
  options: SelectFilesOptions,
): Promise<SelectedFile[] | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return selectFolder(path, name, options);
  if (found) {
    if (!found.isFile()) throw new FileFault(name, null, 'it is not a regular file');
    return [await selected(path, name, new Map(), options)];
  }
  if (!PATTERN.test(name)) return undefined;
  const fixed = path.split(sep).findIndex((part) => PATTERN.test(part));
  const base = path.split(sep).slice(0, fixed).join(sep) || sep;
  const pattern = path.split(sep).slice(fixed).join(sep);
  const levels = pattern.includes('**') ? FILE_LIMITS.maxFolderDepth : pattern.split(sep).length - 1;
  const inBase = await listFiles(base, null, levels, name);
  const depth = name.split('/').length - pattern.split(sep).length;
  const prefix = name
    .split('/')
    .slice(0, Math.max(0, depth))
    .map((part) => `${part}/`)
    .join('');
  const matching = inBase.filter(pathPattern(pattern, sep));
  const files = matching.map((file) => selectedByPath(join(base, file), `${prefix}${toName(file)}`, options));
  return files.length === 0 ? undefined : Promise.all(files);
}

async function selectFolder(path: string, name: string, options: SelectFilesOptions): Promise<SelectedFile[]> {
  const files = await listFiles(path, options.format, FILE_LIMITS.maxFolderDepth, name);
  if (files.length === 0) {
    const of = options.format === null ? 'a format that is read' : `the format ${options.format}`;
    throw new FileFault(name, null, `it is a folder in which no file has a name of ${of}`);
  }
  const prefix = name.replace(/\/+$/, '');
  return Promise.all(files.map((file) => selectedByPath(join(path, file), `${prefix}/${toName(file)}`, options)));
}

/**
 * Finds the files in a folder and its subfolders to the given depth, by their relative paths, in order. Links to
 * folders are not followed, because they may form cycles.
 */
async function listFiles(folder: string, format: FileFormat | null, levels: number, name: string): Promise<string[]> {
  const files: string[] = [];
  const visit = async (inside: string, level: number): Promise<void> => {
    const entries = await readdir(join(folder, inside), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (/^[._]/.test(entry.name)) continue;
      const path = join(inside, entry.name);
      if (entry.isDirectory() && level < levels) await visit(path, level + 1);
      const target = entry.isSymbolicLink() ? await stat(join(folder, path)).catch(() => undefined) : entry;
      if (target?.isFile() && isOfFormat(entry.name, format)) files.push(path);
      if (files.length > FILE_LIMITS.maxFiles) {
        throw new FileFault(name, null, `it has more than ${FILE_LIMITS.maxFiles} files`);
      }
    }
  };
  await visit('', 0);
  return files;
}

function isOfFormat(name: string, format: FileFormat | null): boolean {
  const own = findFormat(name);
  return format === null ? own !== undefined : own === format;
}

async function selectedByPath(path: string, name: string, options: SelectFilesOptions): Promise<SelectedFile> {
  return selected(path, name, readPartitions(name), options);
}

async function selected(
  path: string,
  name: string,
  partitions: SelectedFile['partitions'],
  { within }: SelectFilesOptions,
): Promise<SelectedFile> {
  if (within !== null) {
    const real = await realpath(path);
    if (relative(within, real).startsWith('..'))
      throw new FileFault(name, null, 'it leads out of the folder for files');
    if (!(await lstat(real)).isFile()) throw new FileFault(name, null, 'it is not a regular file');
  }
  return { path, name, partitions };
}

const ABSENT = '__HIVE_DEFAULT_PARTITION__';

/** Reads the partition columns from a file's path: `table/day=2024-02-01/part-0.parquet`. */
function readPartitions(name: string): Map<string, string | null> {
  const partitions = new Map<string, string | null>();
  for (const folder of name.split('/').slice(0, -1)) {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(folder) ?? [];
    if (key === undefined || value === undefined) continue;
    const column = decode(key, name);
    if ([...partitions.keys()].some((other) => other.toLowerCase() === column.toLowerCase())) {
      throw new FileFault(name, null, `its path says the column "${column}" twice`);
    }
    partitions.set(column, value === ABSENT ? null : decode(value, name));
  }
  return partitions;
}

function decode(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new FileFault(name, null, `"${text}" in its path is not a name of a partition`);
  }
}

function toName(path: string): string {
  return path.split(sep).join('/');
}
