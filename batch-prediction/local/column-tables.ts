import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBConnection,
} from '@duckdb/node-api';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { quoteIdentifier } from '../../datasources/duckdb/sql-text.js';
import { chunkSizer, writeVector } from '../../datasources/duckdb/typed-vectors.js';
import type { ValueType } from '../../values/value-type.js';
import type { PredictedColumn } from '../models/model-serving.js';
import type { ColumnBlock, ColumnSource } from './batch-source.js';
import { OWN_PREFIX } from './column-source.js';
import { writtenType, type InstanceColumn, type TypedName } from './instance-columns.js';
import type { PredictedSlice } from './predict-slices.js';

/** DuckDB takes no larger chunk. */
const ROWS_PER_CHUNK = 2048;
const NUMBER = quoteIdentifier(`${OWN_PREFIX}number`);
const PREDICTED = quoteIdentifier(`${OWN_PREFIX}predicted`);

const TYPES = { BOOL: BOOLEAN, DOUBLE, INT64: BIGINT, STRING: VARCHAR } as const;

interface Appenders {
  readonly inputs: DuckDBAppender;
  readonly outputs: DuckDBAppender;
}

/**
 * The rows of one part in two tables of DuckDB, side by side: the rows of the input as they were read, and the
 * predictions. DuckDB writes a part from them, so no value of a column that passes through becomes one of JavaScript.
 */
export class ColumnTables {
  #appenders: Appenders | null = null;
  #lastBlock: ColumnBlock | null = null;
  #bytes = 0;
  #predictions = 0;

  private constructor(
    private readonly connection: DuckDBConnection,
    private readonly source: ColumnSource,
    private readonly outputs: readonly TypedName[],
  ) {}

  static async open(
    scratch: DuckDbDatabase,
    source: ColumnSource,
    outputs: readonly TypedName[],
  ): Promise<ColumnTables> {
    const connection = await scratch.connect();
    try {
      await connection.run(`CREATE TEMP TABLE batch_columns AS SELECT * FROM (${source.sql(0)}) LIMIT 0`);
      return new ColumnTables(connection, source, outputs);
    } catch (error) {
      connection.closeSync();
      throw error;
    }
  }

  /** About the bytes of memory that the tables take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of predictions in them. */
  get predictions(): number {
    return this.#predictions;
  }

  /** Begins another part. */
  async clear(): Promise<void> {
    this.#closeAppenders();
    const outputs = this.outputs.map(
      ({ valueType }, index) => `${outputName(index)} ${TYPES[valueType as keyof typeof TYPES].toString()}`,
    );
    await this.connection.run('CREATE OR REPLACE TEMP TABLE batch_inputs AS FROM batch_columns');
    await this.connection.run(
      `CREATE OR REPLACE TEMP TABLE batch_outputs (${[`${NUMBER} BIGINT`, `${PREDICTED} BOOLEAN`, ...outputs].join(', ')})`,
    );
    this.#appenders = {
      inputs: await this.connection.createAppender('batch_inputs', 'main', 'temp'),
      outputs: await this.connection.createAppender('batch_outputs', 'main', 'temp'),
    };
    this.#lastBlock = null;
    this.#bytes = 0;
    this.#predictions = 0;
  }

  /** Adds a slice. The slices of a part follow each other. */
  add({ slice: { block, from, batch }, predictions }: PredictedSlice): void {
    if (block !== this.#lastBlock) {
      for (const chunk of block.chunks) this.#appenders!.inputs.appendDataChunk(chunk);
      this.#bytes += block.bytes;
      // The rows before the slice are in an earlier part.
      if (from > 0) this.#addOutputs(block.number, new Uint8Array(from), null);
      this.#lastBlock = block;
    }
    const predicted = predictions?.predicted ?? new Uint8Array(batch.rows);
    this.#addOutputs(block.number + from, predicted, predictions?.outputs ?? null);
    for (const one of predicted) this.#predictions += one;
  }

  /** Runs a statement over the predictions, whose query has the columns instance_number, instance and prediction. */
  async write(columns: readonly InstanceColumn[], toSql: (select: string) => string): Promise<void> {
    this.#closeAppenders();
    const written = new Map(this.source.written.map(({ name, value }) => [name, value]));
    const instance = columns.map(({ name }) => `${quoteIdentifier(name)} := ${written.get(name)!}`);
    const prediction = this.outputs.map(
      (output, index) => `${quoteIdentifier(output.name)} := CAST(${outputName(index)} AS ${writtenType(output)})`,
    );
    await this.connection.run(
      toSql(
        `SELECT ${NUMBER} AS instance_number, struct_pack(${instance.join(', ')}) AS instance, struct_pack(${prediction.join(', ')}) AS prediction
FROM batch_inputs POSITIONAL JOIN batch_outputs WHERE ${PREDICTED}`,
      ),
    );
  }

  close(): void {
    this.#closeAppenders();
    this.connection.closeSync();
  }

  #addOutputs(number: number, predicted: Uint8Array, outputs: readonly PredictedColumn[] | null): void {
    const types = [BIGINT, BOOLEAN, ...this.outputs.map(({ valueType }) => TYPES[valueType as keyof typeof TYPES])];
    const sizeOf = chunkSizer(types);
    for (let from = 0; from < predicted.length; from += ROWS_PER_CHUNK) {
      const to = Math.min(predicted.length, from + ROWS_PER_CHUNK);
      const chunk = DuckDBDataChunk.create(types, to - from);
      writeVector(chunk, 0, numbers(number + from, to - from));
      writeVector(chunk, 1, predicted.subarray(from, to));
      for (const [index, { valueType }] of this.outputs.entries()) {
        writeVector(chunk, 2 + index, outputs ? cut(outputs[index]!, from, to) : emptyColumn(valueType, to - from));
      }
      this.#appenders!.outputs.appendDataChunk(chunk);
      this.#bytes += sizeOf(chunk);
    }
  }

  #closeAppenders(): void {
    this.#appenders?.inputs.closeSync();
    this.#appenders?.outputs.closeSync();
    this.#appenders = null;
  }
}

/** Whether predictions of these outputs can be in the tables. */
export function canBeColumns(outputs: readonly TypedName[]): boolean {
  return outputs.length > 0 && outputs.every(({ valueType }) => Object.hasOwn(TYPES, valueType));
}

function outputName(index: number): string {
  return quoteIdentifier(`${OWN_PREFIX}output ${index}`);
}

function cut(column: PredictedColumn, from: number, to: number): PredictedColumn {
  return Array.isArray(column) ? column.slice(from, to) : (column as Uint8Array).subarray(from, to);
}

/** A new chunk has memory that is not set, of which texts would be pointers. */
function emptyColumn(valueType: ValueType, rows: number): PredictedColumn {
  switch (valueType) {
    case 'STRING':
      return new Array<string>(rows).fill('');
    case 'BOOL':
      return new Uint8Array(rows);
    default:
      return new Float64Array(rows);
  }
}

/** Consecutive numbers, without a BigInt each. */
function numbers(first: number, count: number): BigInt64Array {
  const words = new Uint32Array(count * 2);
  for (let index = 0; index < count; index += 1) {
    const number = first + index;
    words[index * 2] = number;
    words[index * 2 + 1] = Math.floor(number / 4_294_967_296);
  }
  return new BigInt64Array(words.buffer);
}
