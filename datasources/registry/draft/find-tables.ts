import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { OperatorError } from '../../../errors/operator-error.js';
import { FileFault } from '../../files/file-fault.js';
import { findFormat, type FileFormat } from '../../files/file-format.js';
import type { FileReader } from '../../files/file-reader.js';
import type { FileWorker } from '../../files/file-worker.js';
import { findNamedFiles } from '../../files/named-files.js';
import { readParquetSchema } from '../../files/parquet-schema.js';
import { selectFiles, type SelectedFile } from '../../files/select-files.js';
import { requireObjects, scanTextFiles } from '../../files/text-rows.js';
import { optionsFor, type DraftFileOptions } from './table-options.js';
import { toLegalName, uniqueName } from './legal-names.js';

/** Files with the same columns: one table of the registry. */
export interface FoundTable {
  /** Its name in SQL. */
  readonly name: string;
  /** The absolute path of a file, a folder or a pattern that selects exactly its files. */
  readonly path: string;
  /** The same in the user's notation. */
  readonly shown: string;
  readonly files: readonly SelectedFile[];
  readonly format: FileFormat;
}

interface ReadFile {
  readonly file: SelectedFile;
  readonly format: FileFormat;
  readonly columns: ReadonlySet<string>;
}

/**
 * Groups the files of names into tables by their columns. Files of CSV and Parquet are one table if they have the same
 * columns. In JSON lines, a key may be absent, so a file whose keys another file has too belongs to its table.
 */
export async function findTables(
  names: readonly string[],
  options: DraftFileOptions,
  reader: FileReader,
): Promise<FoundTable[]> {
  const files = await selectAll(names, options);
  const read = await reader.use({ files: files.map(({ file }) => file) }, async (worker) => {
    const withColumns: ReadFile[] = [];
    for (const { file, format } of files) {
      withColumns.push({ file, format, columns: new Set(await readColumns(worker, file, format, options)) });
    }
    return withColumns;
  });
  const tables: FoundTable[] = [];
  for (const group of groupByColumns(read)) {
    const table = await locate(group, names, options);
    const isFree = (name: string): boolean => tables.every((other) => other.name !== name);
    tables.push({ ...table, name: uniqueName(table.name, isFree, MAX_NAME) });
  }
  return tables;
}

const MAX_NAME = 60;

async function selectAll(
  names: readonly string[],
  { format: given }: DraftFileOptions,
): Promise<{ file: SelectedFile; format: FileFormat }[]> {
  const files = new Map<string, { file: SelectedFile; format: FileFormat }>();
  for (const name of names) {
    const selected = await selectOne(name, given ?? null);
    for (const file of selected) {
      const format = given ?? findFormat(file.name);
      if (!format) {
        throw new FileFault(
          file.name,
          null,
          'the ending of its name says no format. Add --format parquet, csv or jsonl',
        );
      }
      files.set(resolve(file.path), { file, format });
    }
  }
  return [...files.values()];
}

/** The files of one name. A folder or a pattern may have files of several formats. */
async function selectOne(name: string, format: FileFormat | null): Promise<readonly SelectedFile[]> {
  const files = await selectFiles(resolve(name), name, { format, within: null });
  if (files) return files;
  throw new OperatorError(`There is no file "${name}" in ${process.cwd()}. Name files, folders or patterns.`);
}

async function readColumns(
  worker: FileWorker,
  file: SelectedFile,
  format: FileFormat,
  options: DraftFileOptions,
): Promise<readonly string[]> {
  if (format === 'PARQUET') return (await readParquetSchema(worker, [file])).map(({ name }) => name);
  const textFiles = { files: [file], format, options: optionsFor(format, options) };
  if (format === 'JSONL') {
    // A key may first occur in the last line. Lines with faults are reported when the values are read.
    const scanned = await scanTextFiles(worker, textFiles, { target: null, keepsBadRows: true, maxRows: null });
    requireObjects(scanned);
    return scanned.columns;
  }
  const { columns } = await scanTextFiles(worker, textFiles, { target: null, keepsBadRows: false, maxRows: 0 });
  const [only = ''] = columns;
  const delimiter = columns.length === 1 ? /[;\t|]/.exec(only)?.[0] : undefined;
  if (delimiter === undefined) return columns;
  const typed = delimiter === '\t' ? String.raw`$'\t'` : `'${delimiter}'`;
  throw new FileFault(
    file.name,
    1,
    `its header is one column, ${JSON.stringify(only.slice(0, 60))}. If another character separates its fields, add --delimiter ${typed}`,
  );
}

function groupByColumns(files: readonly ReadFile[]): ReadFile[][] {
  const groups: ReadFile[][] = [];
  // Larger sets come first, so that a file finds the group that has all its columns.
  for (const file of files.toSorted((a, b) => b.columns.size - a.columns.size)) {
    const group = groups.find(([first]) => isOfTable(file, first!));
    if (group) group.push(file);
    else groups.push([file]);
  }
  // The order of the user.
  const place = (group: readonly ReadFile[]): number => Math.min(...group.map((file) => files.indexOf(file)));
  return groups.toSorted((a, b) => place(a) - place(b));
}

function isOfTable({ format, columns }: ReadFile, first: ReadFile): boolean {
  if (format !== first.format || ![...columns].every((name) => first.columns.has(name))) return false;
  return columns.size === first.columns.size || (format === 'JSONL' && columns.size > 1);
}

/** A path that selects exactly these files, as the registry would select them. */
async function locate(
  group: readonly ReadFile[],
  names: readonly string[],
  { format: given }: DraftFileOptions,
): Promise<FoundTable> {
  const paths = group.map(({ file }) => resolve(file.path)).toSorted();
  const { format, file: first } = group[0]!;
  for (const { path, name } of candidates(paths, names)) {
    const shown = shownPath(path);
    const found = await findNamedFiles(path, shown, { format: given ?? null, within: null }).catch((error: unknown) => {
      if (error instanceof FileFault) return undefined;
      throw error;
    });
    const selected = found?.files.map((file) => resolve(file.path)).toSorted();
    if (found && selected?.join('\0') === paths.join('\0')) {
      return { name: toLegalName(name, 'rows', MAX_NAME), path, shown, files: found.files, format };
    }
  }
  throw new FileFault(
    first.name,
    null,
    `it and ${group.length - 1} other named files have the same columns and are one table, but no folder or pattern selects exactly them: other files of the same form lie beside them. Put the files of the table into a folder of their own, or give a pattern in quotes, such as 'data/orders-*.csv'`,
  );
}

/** A path as the user sees it from here. */
function shownPath(path: string): string {
  const way = relative(process.cwd(), path);
  return toName(way.startsWith('..') ? path : way || '.');
}

/** Paths that may select the files, with the text from which the table gets its name. */
function candidates(paths: readonly string[], names: readonly string[]): { path: string; name: string }[] {
  const [first] = paths;
  if (paths.length === 1) {
    const name = withoutEnding(basename(first!));
    // A part of a table is in the folder of the table, which gets further parts.
    const folders = isPart(first!) ? names.filter((given) => patternName(given) !== undefined) : [];
    return [
      ...folders.map((given) => ({ path: resolve(given), name: basename(resolve(given)) })),
      { path: first!, name },
    ].filter(({ path }) => first!.startsWith(path));
  }
  const folder = paths.map(dirname).reduce(commonFolder);
  const inside = paths.map((path) => relative(folder, path));
  const start = inside.reduce((one, other) => one.slice(0, commonLength(one, other)));
  const end = inside.reduce((one, other) => one.slice(one.length - commonEndLength(one, other)));
  const ending = end.includes('.') ? end.slice(end.indexOf('.')) : extname(first!);
  const stem = start.includes(sep) ? '' : start.replace(/[^A-Za-z]+$/, '');
  const name = stem.length > 2 && !PART.test(stem) ? stem : basename(folder);
  const named = names.map((given) => ({ path: resolve(given), name: patternName(given) ?? name }));
  return [
    ...named.filter(({ path }) => !paths.includes(path)),
    { path: folder, name: basename(folder) },
    { path: join(folder, `*${ending}`), name },
    { path: join(folder, '**', `*${ending}`), name },
    ...(start === '' ? [] : [`${start}*${ending}`, `${start}*`].map((file) => ({ path: join(folder, file), name }))),
  ];
}

/** Names of files that say nothing of what is in them. */
const PART = /^(part|data|file|chunk|[^A-Za-z]+$)/i;

function isPart(path: string): boolean {
  return PART.test(basename(path)) || path.split(sep).some((part) => part.includes('='));
}

/** The name of a folder that was given; undefined for a pattern. */
function patternName(given: string): string | undefined {
  return /[*?[]/.test(given) ? undefined : basename(resolve(given));
}

function commonFolder(one: string, other: string): string {
  const parts = one.split(sep);
  const others = other.split(sep);
  const first = parts.findIndex((part, index) => part !== others[index]);
  return (first < 0 ? parts : parts.slice(0, first)).join(sep) || sep;
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function commonEndLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one.at(-length - 1) === other.at(-length - 1)) length += 1;
  return length;
}

function withoutEnding(file: string): string {
  return file.replace(/\.(gz|gzip|zst|zstd)$/i, '').replace(/\.[A-Za-z0-9]+$/, '');
}

function toName(path: string): string {
  return path.split(sep).join('/');
}
