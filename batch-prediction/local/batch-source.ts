import type { DuckDBConnection } from '@duckdb/node-api';
import type { InstanceErrorCode } from '../../errors/instance-error-codes.js';
import type { Instance } from '../models/model-serving.js';
import type { ExactTexts, InstanceColumn } from './instance-columns.js';

/** An opened input. It is always read in the same order, and from any row on. */
export interface BatchSource {
  readonly columns: readonly InstanceColumn[];
  readonly rows: number;
  read(connection: DuckDBConnection, options: ReadOptions): AsyncGenerator<InputInstance[]>;
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
