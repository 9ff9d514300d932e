import type { InstanceErrorCode } from '../../errors/instance-error-codes.js';
import { join } from 'node:path';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { quoteIdentifier, quoteText } from '../../datasources/duckdb/sql-text.js';
import { fromExactTextSql } from '../../datasources/duckdb/exact-text.js';
import type { Part } from './checkpoint.js';
import type { PartColumns } from './part-columns.js';
import { writtenType, type InstanceColumn, type TypedName } from './instance-columns.js';
import type { BatchOutputFolder, OutputFileKind } from './output-folder.js';
import { PartFile } from './part-file.js';
import type { PredictedSlice } from './predict-slices.js';
import { syncFile } from '../../runtime/sync-file.js';
import { stringifyExactly } from '../../values/minus-zero.js';

/** DuckDB's own limit for a line of JSON; longer ones need a larger buffer. */
const LINE_BYTES = 16 * 1024 * 1024;

interface InstanceFailure {
  readonly code: InstanceErrorCode;
  readonly message: string;
}

interface Options {
  readonly folder: BatchOutputFolder;
  readonly scratch: DuckDbDatabase;
  readonly columns: readonly InstanceColumn[];
  readonly outputs: readonly TypedName[];
  /** Where predictions of columns are until the part ends; null for a job of instances. */
  readonly partColumns: PartColumns | null;
}

/**
 * Writes one part: rows as lines of JSON, as they arrive; for PARQUET, it then converts the finished lines. So each row
 * is encoded once, memory holds one buffer for a part of any size, and both formats have the same content.
 */
export class PartWriter {
  #first: number | undefined;
  #last = 0;
  #longestLine = 0;

  private constructor(
    private readonly options: Options,
    private readonly number: number,
    private readonly files: Readonly<Record<OutputFileKind, PartFile>>,
  ) {}

  static create(options: Options, number: number): PartWriter {
    options.partColumns?.clear();
    const temporary = (kind: OutputFileKind) => new PartFile(join(options.folder.path, `.${kind}.jsonl.tmp`));
    return new PartWriter(options, number, { predictions: temporary('predictions'), errors: temporary('errors') });
  }

  get characters(): number {
    return this.files.predictions.characters + this.files.errors.characters + (this.options.partColumns?.bytes ?? 0);
  }

  get rows(): { readonly predictions: number; readonly failures: number } {
    const { predictions, errors } = this.files;
    return { predictions: predictions.lines + (this.options.partColumns?.predictions ?? 0), failures: errors.lines };
  }

  /** `instance` is JSON: the exact texts of the columns for PARQUET, else what clients read. */
  addPrediction(number: number, instance: string, prediction: unknown): void {
    this.#add('predictions', number, instance, `"prediction":${stringifyExactly(prediction)}`);
  }

  /** The predictions of a slice; the outcomes of its other rows follow one by one. */
  addSlice(predicted: PredictedSlice): void {
    this.options.partColumns!.add(predicted);
    const { block, from, batch } = predicted.slice;
    this.#extend(block.number + from);
    this.#extend(block.number + from + batch.rows - 1);
  }

  /** `instance` is JSON as clients read it. */
  addFailure(number: number, instance: string, { code, message }: InstanceFailure): void {
    // A text, since DuckDB's JSON would write 1E5 as 100000.0.
    const written = this.options.folder.format === 'PARQUET' ? JSON.stringify(instance) : instance;
    this.#add('errors', number, written, `"code":${JSON.stringify(code)},"message":${JSON.stringify(message)}`);
  }

  async drain(): Promise<void> {
    await this.files.predictions.drain();
    await this.files.errors.drain();
  }

  /** Moves the part into the folder; it is on disk when this resolves. undefined: it had no rows. */
  async finish(): Promise<Part | undefined> {
    for (const [kind, file] of Object.entries(this.files) as [OutputFileKind, PartFile][]) {
      await file.finish();
      const isInColumns = kind === 'predictions' && (this.options.partColumns?.predictions ?? 0) > 0;
      if (file.lines > 0 || isInColumns) await this.#place(kind, file);
    }
    if (this.#first === undefined) return undefined;
    const { run } = this.options.folder;
    return { number: this.number, from: this.#first, to: this.#last, ...this.rows, ...(run !== undefined && { run }) };
  }

  /** Closes the files; their content is removed when the job next resumes. */
  async drop(): Promise<void> {
    await this.files.predictions.drop();
    await this.files.errors.drop();
  }

  #add(kind: OutputFileKind, number: number, instance: string, others: string): void {
    const line = `{"instance_number":${number},"instance":${instance},${others}}`;
    this.#extend(number);
    this.#longestLine = Math.max(this.#longestLine, line.length);
    this.files[kind].add(line);
  }

  #extend(number: number): void {
    this.#first ??= number;
    this.#last = Math.max(this.#last, number);
  }

  async #place(kind: OutputFileKind, file: PartFile): Promise<void> {
    const { folder, scratch, partColumns } = this.options;
    if (folder.format === 'JSONL') return folder.place(file.path, kind, this.number);
    const parquet = join(folder.path, `.${kind}.parquet.tmp`);
    // The longest UTF-16 text takes three times its length in UTF-8.
    const limit = Math.max(LINE_BYTES, this.#longestLine * 3 + 2);
    const select = kind === 'predictions' ? this.#typedPredictions(file.path, limit) : errorRows(file.path, limit);
    const copy = (of: string): string => `COPY (${of}) TO ${quoteText(parquet)} (FORMAT parquet, COMPRESSION zstd)`;
    if (kind === 'predictions' && partColumns !== null && partColumns.predictions > 0) {
      // Few predictions are in the file then: those of instances that were not carried as columns.
      await partColumns.write(this.options.columns, (ofColumns) =>
        copy(file.lines === 0 ? ofColumns : `${ofColumns} UNION ALL ${select} ORDER BY instance_number`),
      );
    } else await scratch.use((connection) => connection.run(copy(select)));
    await syncFile(parquet);
    await folder.place(parquet, kind, this.number);
  }

  /**
   * Values have the types of the input's columns and of the declared outputs; without declared types they are JSON
   * text.
   */
  #typedPredictions(path: string, limit: number): string {
    const { columns, outputs } = this.options;
    const prediction = outputs.length === 0 ? `'JSON'` : textStruct(outputs);
    const instances = columns.length === 0 ? `'JSON'` : textStruct(columns);
    return `SELECT instance_number, ${columns.length === 0 ? 'CAST(instance AS VARCHAR)' : typedStruct('instance', columns)} AS instance,
  ${outputs.length === 0 ? 'CAST(prediction AS VARCHAR)' : typedStruct('prediction', outputs)} AS prediction
FROM ${jsonLines(path, limit, `instance_number: 'BIGINT', instance: ${instances}, prediction: ${prediction}`)}`;
  }
}

/** A failed instance may have values of other types, so it stays JSON text. */
function errorRows(path: string, limit: number): string {
  const texts = ['instance', 'code', 'message'].map((name) => `${name}: 'VARCHAR'`);
  return `SELECT * FROM ${jsonLines(path, limit, `instance_number: 'BIGINT', ${texts.join(', ')}`)}`;
}

function jsonLines(path: string, limit: number, columns: string): string {
  return `read_json(${quoteText(path)}, format = 'newline_delimited', maximum_object_size = ${limit}, columns = {${columns}})`;
}

/** All values are texts, whose digits JSON does not change. */
function textStruct(fields: readonly InstanceColumn[]): string {
  return quoteText(`STRUCT(${fields.map(({ name }) => `${quoteIdentifier(name)} VARCHAR`).join(', ')})`);
}

function typedStruct(struct: string, fields: readonly InstanceColumn[]): string {
  const entries = fields.map((field) => {
    const text = `struct_extract(${struct}, ${quoteText(field.name)})`;
    return `${quoteIdentifier(field.name)} := ${fromExactTextSql(text, writtenType(field))}`;
  });
  return `struct_pack(${entries.join(', ')})`;
}
