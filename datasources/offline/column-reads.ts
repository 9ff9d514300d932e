import type { ValueType } from '../../values/value-type.js';
import type { Distributions, MeasuredValues, StatisticsRead } from './statistics-read.js';

/** Reads of columns that jobs wrote, in the engine of the embedded store. */
export interface ColumnReads {
  /** The distributions of values at several places, a range for each. The histograms share their bins, as those of one history do. */
  distributions(read: ColumnRead): Promise<Distributions>;

  /** The bytes that these places scan, as a warehouse counts them. Nothing is measured. */
  estimate(places: readonly ValuesOf[]): Promise<bigint>;
}

export interface ColumnRead extends Omit<MeasuredValues, 'ranges'> {
  readonly places: readonly ValuesOf[];
  /** If it aborts, the read rejects with its reason. */
  readonly signal: AbortSignal;
}

/** Where the values of one range are. */
export type ValuesOf =
  /** A column of a table or a file: each row is a value. */
  | { readonly kind: 'COLUMN'; readonly relation: string; readonly column: Pick<WrittenColumn, 'sql'> }
  /** The history of a feature in the embedded store, over its one range. */
  | { readonly kind: 'HISTORY'; readonly read: StatisticsRead };

/** What a job wrote, as the embedded engine reads it. It can be read until it is disposed. */
export interface WrittenColumns extends AsyncDisposable {
  /** The FROM clause. */
  readonly relation: string;
  readonly columns: readonly WrittenColumn[];
}

export interface WrittenColumn {
  /** As clients name it. */
  readonly name: string;
  /** null: values of the type are only counted. */
  readonly valueType: ValueType | null;
  /** SQL of the value, in the type of the value type. */
  readonly sql: string;
  /** The type in the notation of DuckDB. */
  readonly type: string;
}
