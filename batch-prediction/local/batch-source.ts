import type { DuckDBConnection, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import type { InstanceErrorCode } from '../../errors/instance-error-codes.js';
import type { ColumnBatch, Instance } from '../models/model-serving.js';
import type { ExactTexts, InstanceColumn } from './instance-columns.js';

/** An opened input. It is always read in the same order, and from any row on. */
export interface BatchSource {
  readonly columns: readonly InstanceColumn[];
  readonly rows: number;
  read(connection: DuckDBConnection, options: ReadOptions): AsyncGenerator<InputInstance[]>;
  /** Opens the input as columns; null or absent where it can only be read by instances. */
  readonly openColumns?: (connection: DuckDBConnection) => Promise<ColumnSource | null>;
}

/** An input that is read as columns, in the same order as its instances. */
export interface ColumnSource {
  /** SQL of a query for the columns of a slice, from a row on. */
  readonly sql: (fromRow: number) => string;
  /** The columns of an instance in a table of such rows: SQL of the value with the type of the output. */
  readonly written: readonly { readonly name: string; readonly value: string }[];
  /** `runsPerSlice` times `batchSize` instances a slice, or fewer. */
  slices(connection: DuckDBConnection, options: SliceOptions): AsyncGenerator<ColumnSlice>;
  /** Some rows of a slice as instances. */
  readInstances(
    connection: DuckDBConnection,
    slice: ColumnSlice,
    rows: readonly number[],
  ): Promise<readonly InputInstance[]>;
}

export interface SliceOptions extends Pick<ReadOptions, 'fromRow' | 'batchSize'> {
  /** Is asked for each slice. */
  readonly runsPerSlice: () => number;
}

/** Instances that go to a thread of the model together, as columns. */
export interface ColumnSlice {
  readonly block: ColumnBlock;
  /** The first row of the slice in its block. */
  readonly from: number;
  readonly batch: ColumnBatch;
}

export interface BlockColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** Chunks of DuckDB with the rows of one or more slices. */
export interface ColumnBlock {
  /** The columns of the chunks. */
  readonly columns: readonly BlockColumn[];
  readonly chunks: readonly DuckDBDataChunk[];
  readonly rows: number;
  /** About the memory that the chunks take. */
  readonly bytes: number;
  /** The number of the first instance. */
  readonly number: number;
}

export interface ReadOptions {
  readonly fromRow: number;
  readonly batchSize: number;
  /** Whether the model gets the columns that it does not declare. */
  readonly withOthers: boolean;
}

/** A row of the input. */
export interface InputInstance {
  readonly number: number;
  /** What the model gets. */
  readonly instance: Instance;
  /** An object of JSON: the exact text of each value, or null. */
  readonly texts: string;
  /** Why the model cannot get it; null when it can. */
  readonly fault: InstanceFault | null;
}

export interface InstanceFault {
  readonly code: InstanceErrorCode;
  readonly message: string;
  /** The original texts of values that do not fit; null for a row without columns. */
  readonly originals: ExactTexts | null;
}
