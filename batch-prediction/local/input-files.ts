import { badInput } from '../../errors/app-error.js';
import type { DataFiles } from '../../datasources/files/data-files.js';
import type { FileFormat } from '../../datasources/files/file-format.js';
import { checkOptions, type FileOptions } from '../../datasources/files/file-options.js';
import { FileFault } from '../../datasources/files/file-fault.js';
import type { FileWorker } from '../../datasources/files/file-worker.js';
import { countParquetRows, readParquetFiles } from '../../datasources/files/read-parquet-files.js';
import { readTextFiles } from '../../datasources/files/read-text-files.js';
import type { SelectedFile } from '../../datasources/files/select-files.js';
import { requireObjects, scanTextFiles, toCells, type TextFiles } from '../../datasources/files/text-rows.js';
import { quoteText } from '../../datasources/duckdb/sql-text.js';
import type { ModelField } from '../../datasources/registry/prediction-model.js';
import { checkColumns, requireColumns } from './check-columns.js';
import type { RowPlace, SqlSource } from './read-instances.js';
import { inputMisfit, inputType, readTypedColumns, type SourceColumn } from './source-columns.js';

/** Files of one input, as the client named them. */
export interface InputFiles {
  /** At least one. */
  readonly files: readonly SelectedFile[];
  readonly format: FileFormat;
  readonly options: FileOptions;
  /** The argument that named them. */
  readonly field: string;
}

/** What is known of an input before a job reads it. */
export interface InspectedInput {
  readonly columns: readonly SourceColumn[];
  readonly rows: number;
}

/** Finds the files of names: files, folders and patterns. */
export async function selectInputFiles(
  data: DataFiles,
  names: readonly string[],
  format: FileFormat,
  options: FileOptions,
  field: string,
): Promise<InputFiles> {
  if (names.length === 0) throw badInput('Name at least one file.', field);
  checkOptions(options, format, field);
  const selected = await Promise.all(names.map((name) => data.select(name, format, field)));
  return { files: selected.flatMap(({ files }) => files), format, options, field };
}

/** Reads the columns and counts the rows. Throws FileFault for files that are broken, as far as that shows. */
export async function inspectFiles(
  data: DataFiles,
  input: InputFiles,
  inputs: readonly ModelField[],
): Promise<InspectedInput> {
  const { files, format } = input;
  const reader = await data.reader();
  return reader.use({ files }, async (worker) => {
    if (format === 'PARQUET') {
      const { columns, rows } = await openParquet(worker, input, inputs, 'SCHEMA');
      return { columns, rows };
    }
    const textFiles: TextFiles = { files, format, options: input.options };
    const scanned = await scanTextFiles(worker, textFiles, { target: null, keepsBadRows: true, maxRows: null });
    requireObjects(scanned);
    const columns = toCells(textFiles, scanned.columns).map(({ name, format: of }) => ({
      name,
      type: of === 'CSV' ? 'VARCHAR' : 'JSON',
      value: '',
    }));
    requireColumns(columns, inputs, input.field);
    return { columns: readTextColumns(columns, inputs, input.options), rows: scanned.rows };
  });
}

/**
 * Reads the files in the process for files. Text becomes a Parquet file in `folder`; Parquet files are read once to
 * their end, then where they are.
 */
export async function readFiles(
  worker: FileWorker,
  input: InputFiles,
  inputs: readonly ModelField[],
  folder: string,
): Promise<SqlSource> {
  const { files, format, options, field } = input;
  if (format === 'PARQUET') return openParquet(worker, input, inputs, 'EVERY_VALUE');
  const table = await readTextFiles(
    worker,
    { files, format, options },
    {
      declared: new Map(inputs.map(({ name, valueType }) => [name, inputType(valueType)])),
      mayLackColumns: true,
      others: 'TEXT',
      folder,
      keepsBadRows: true,
    },
  );
  const columns = table.columns.map(({ name, type, stored }) => ({ name, type, value: stored }));
  requireColumns(columns, inputs, field);
  return {
    relation: `read_parquet(${quoteText(table.path)})`,
    columns: readTextColumns(columns, inputs, options),
    rows: table.rows,
    originals: 'raw',
    lineFault: { sentence: 'line_fault', file: 'file', line: 'line' },
    describePlace: ({ file = 0, line }) => `"${table.files[file]}", line ${line}: `,
  };
}

/** Text is converted when it is read. The columns that the model does not use stay as they are, text or JSON. */
function readTextColumns(
  columns: readonly { readonly name: string; readonly type: string; readonly value: string }[],
  inputs: readonly ModelField[],
  options: FileOptions,
): SourceColumn[] {
  return columns.map(({ name, type, value }) => {
    const input = inputs.find((candidate) => candidate.name === name);
    return {
      column: input ? { name, valueType: input.valueType } : { name, type },
      value,
      original: null,
      describeMisfit: input ? inputMisfit(input.valueType, options) : String,
    };
  });
}

async function openParquet(
  worker: FileWorker,
  { files, options, field }: InputFiles,
  inputs: readonly ModelField[],
  reads: 'SCHEMA' | 'EVERY_VALUE',
): Promise<SqlSource> {
  const table = await readParquetFiles(worker, files, options, { declared: new Map(), reads, converts: false });
  requireColumns(table.columns, inputs, field);
  const counts = await countParquetRows(worker, files);
  return {
    relation: table.relation,
    columns: checkColumns(readTypedColumns(table.columns, inputs, options), field),
    rows: counts.reduce((sum, count) => sum + count, 0),
    originals: null,
    lineFault: null,
    describePlace: ({ number }: RowPlace) => describeRow(files, counts, number),
  };
}

function describeRow(files: readonly SelectedFile[], counts: readonly number[], number: number): string {
  let row = number;
  for (const [index, { name }] of files.entries()) {
    if (row < counts[index]!) return `"${name}": row ${row} (from 0), `;
    row -= counts[index]!;
  }
  throw new FileFault(files.at(-1)!.name, null, 'it has more rows than it says');
}
