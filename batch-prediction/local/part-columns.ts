import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBTableFunction,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBDataChunk,
} from '@duckdb/node-api';
import { copyVector } from '../../datasources/duckdb/copy-vector.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { quoteIdentifier } from '../../datasources/duckdb/sql-text.js';
import { writeVector } from '../../datasources/duckdb/typed-vectors.js';
import type { ValueType } from '../../values/value-type.js';
import type { PredictedColumn } from '../models/model-serving.js';
import type { ColumnBlock, ColumnSource } from './batch-source.js';
import { OWN_PREFIX } from './column-source.js';
import { writtenType, type InstanceColumn, type TypedName } from './instance-columns.js';
import type { PredictedSlice } from './predict-slices.js';

const NUMBER = `${OWN_PREFIX}number`;
const PREDICTED = `${OWN_PREFIX}predicted`;

/** Columns of chunks, in order: the number, whether there is a prediction, the outputs, and the input. */
const OUTPUTS_FROM = 2;

const TYPES = { BOOL: BOOLEAN, DOUBLE, INT64: BIGINT, STRING: VARCHAR } as const;

/**
 * The rows of one part: the chunks of the input as they were read, and the predictions. DuckDB reads them by a table
 * function when it writes the part, so no value of a column that passes through becomes one of JavaScript.
 *
 * The database has one thread: with two, the COPY of the same rows took 1.2 to 3 times as much CPU time.
 */
export class PartColumns {
  #blocks: PredictedBlock[] = [];
  #bytes = 0;
  #predictions = 0;

  private constructor(
    private readonly database: DuckDbDatabase,
    private readonly connection: DuckDBConnection,
    private readonly source: ColumnSource,
    private readonly outputs: readonly TypedName[],
  ) {}

  static async open(source: ColumnSource, outputs: readonly TypedName[]): Promise<PartColumns> {
    const database = await DuckDbDatabase.open(':memory:', { threads: 1 });
    const part = new PartColumns(database, await database.connect(), source, outputs);
    part.#register();
    return part;
  }

  /** About the bytes of memory that the rows take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of predictions. */
  get predictions(): number {
    return this.#predictions;
  }

  /** Begins another part. */
  clear(): void {
    this.#blocks = [];
    this.#bytes = 0;
    this.#predictions = 0;
  }

  /** Adds a slice. The slices of a part follow each other. */
  add({ slice: { block, from }, predictions }: PredictedSlice): void {
    let last = this.#blocks.at(-1);
    if (last?.block !== block) {
      last = new PredictedBlock(block, this.outputs);
      this.#blocks.push(last);
      this.#bytes += block.bytes + last.bytes;
    }
    if (!predictions) return;
    this.#bytes += last.set(from, predictions.predicted, predictions.outputs);
    for (const one of predictions.predicted) this.#predictions += one;
  }

  /** Runs a statement over the predictions, whose query has the columns instance_number, instance and prediction. */
  async write(columns: readonly InstanceColumn[], toSql: (select: string) => string): Promise<void> {
    const written = new Map(this.source.written.map(({ name, value }) => [name, value]));
    const instance = columns.map(({ name }) => `${quoteIdentifier(name)} := ${written.get(name)!}`);
    const prediction = this.outputs.map(
      (output, index) =>
        `${quoteIdentifier(output.name)} := CAST(${quoteIdentifier(outputName(index))} AS ${writtenType(output)})`,
    );
    await this.connection.run(
      toSql(
        `SELECT ${quoteIdentifier(NUMBER)} AS instance_number, struct_pack(${instance.join(', ')}) AS instance, struct_pack(${prediction.join(', ')}) AS prediction
FROM part_rows() WHERE ${quoteIdentifier(PREDICTED)}`,
      ),
    );
  }

  close(): void {
    this.clear();
    this.connection.closeSync();
    this.database.close();
  }

  #register(): void {
    let chunks: Iterator<PredictedChunk>;
    this.connection.registerTableFunction(
      DuckDBTableFunction.create({
        name: 'part_rows',
        bindFunction: (bound) => {
          bound.addResultColumn(NUMBER, BIGINT);
          bound.addResultColumn(PREDICTED, BOOLEAN);
          for (const [index, { valueType }] of this.outputs.entries()) {
            bound.addResultColumn(outputName(index), TYPES[valueType as keyof typeof TYPES]);
          }
          for (const { name, type } of this.#blocks[0]?.block.columns ?? []) bound.addResultColumn(name, type);
        },
        initFunction: () => {
          chunks = this.#chunks();
        },
        mainFunction: (_, out) => {
          const { value } = chunks.next() as IteratorResult<PredictedChunk, undefined>;
          if (value) writeChunk(value, out);
          else out.rowCount = 0;
        },
      }),
    );
  }

  *#chunks(): Generator<PredictedChunk> {
    for (const block of this.#blocks) yield* block.chunks();
  }
}

/** A chunk of the input with the predictions for its rows. */
interface PredictedChunk {
  readonly block: ColumnBlock;
  readonly chunk: DuckDBDataChunk;
  readonly number: number;
  readonly predicted: Uint8Array;
  readonly outputs: readonly PredictedColumn[];
}

/** The predictions for the rows of a block. Those of rows that are in other parts, or that have none, are left out. */
class PredictedBlock {
  readonly #predicted: Uint8Array;
  readonly #outputs: PredictedColumn[];

  constructor(
    readonly block: ColumnBlock,
    outputs: readonly TypedName[],
  ) {
    this.#predicted = new Uint8Array(block.rows);
    this.#outputs = outputs.map(({ valueType }) => emptyColumn(valueType, block.rows));
  }

  /** About the bytes of memory that the predictions take, without the texts among them. */
  get bytes(): number {
    return this.block.rows * (1 + this.#outputs.length * 8);
  }

  /** Returns the characters of the texts. */
  set(from: number, predicted: Uint8Array, outputs: readonly PredictedColumn[]): number {
    let characters = 0;
    this.#predicted.set(predicted, from);
    for (const [index, values] of outputs.entries()) {
      const all = this.#outputs[index]!;
      if (Array.isArray(all)) {
        for (const [row, text] of (values as string[]).entries()) {
          all[from + row] = text;
          characters += text.length;
        }
      } else (all as Uint8Array).set(values as Uint8Array, from);
    }
    return characters;
  }

  *chunks(): Generator<PredictedChunk> {
    let from = 0;
    for (const chunk of this.block.chunks) {
      const to = from + chunk.rowCount;
      yield {
        block: this.block,
        chunk,
        number: this.block.number + from,
        predicted: this.#predicted.subarray(from, to),
        outputs: this.#outputs.map((column) => cut(column, from, to)),
      };
      from = to;
    }
  }
}

function writeChunk({ block, chunk, number, predicted, outputs }: PredictedChunk, out: DuckDBDataChunk): void {
  out.rowCount = chunk.rowCount;
  writeVector(out, 0, numbers(number, chunk.rowCount));
  writeVector(out, 1, predicted);
  for (const [index, values] of outputs.entries()) writeVector(out, OUTPUTS_FROM + index, values);
  const inputsFrom = OUTPUTS_FROM + outputs.length;
  for (const [index, { type }] of block.columns.entries()) copyVector(chunk, index, out, inputsFrom + index, type);
}

/** Whether predictions of these outputs can be columns. */
export function canBeColumns(outputs: readonly TypedName[]): boolean {
  return outputs.length > 0 && outputs.every(({ valueType }) => Object.hasOwn(TYPES, valueType));
}

function outputName(index: number): string {
  return `${OWN_PREFIX}output ${index}`;
}

function cut(column: PredictedColumn, from: number, to: number): PredictedColumn {
  return Array.isArray(column) ? column.slice(from, to) : (column as Uint8Array).subarray(from, to);
}

function emptyColumn(valueType: ValueType, rows: number): PredictedColumn {
  switch (valueType) {
    case 'STRING':
      return new Array<string>(rows).fill('');
    case 'BOOL':
      return new Uint8Array(rows);
    case 'INT64':
      return new BigInt64Array(rows);
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
