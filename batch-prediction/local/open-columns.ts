import { isDeepStrictEqual } from 'node:util';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Model } from '../../datasources/registry/prediction-model.js';
import type { ColumnPredictor, Predictor } from '../models/model-serving.js';
import type { BatchSource, ColumnSource } from './batch-source.js';
import { canBeColumns, PartColumns } from './part-columns.js';
import type { TypedName } from './instance-columns.js';
import type { BatchOutputFolder } from './output-folder.js';

/** A job whose values go from the input to the model and to the output as columns. */
export interface OpenedColumns extends AsyncDisposable {
  readonly source: ColumnSource;
  readonly predictor: ColumnPredictor;
  readonly partColumns: PartColumns;
}

interface ColumnsOptions {
  readonly folder: Pick<BatchOutputFolder, 'format'>;
  readonly connection: DuckDBConnection;
  readonly source: BatchSource;
  readonly model: Model;
  /** The outputs in the job's earlier parts. */
  readonly outputs: readonly TypedName[];
  readonly predictor: Predictor;
}

/**
 * Opens a job as columns; undefined where the model takes instances, where the input or the outputs have values that are
 * no columns, and for JSON Lines, which is written row by row.
 */
export async function openJobColumns(options: ColumnsOptions): Promise<OpenedColumns | undefined> {
  const { folder, connection, source, model, outputs, predictor } = options;
  if (folder.format !== 'PARQUET' || !predictor.columns || !canBeColumns(outputs) || !areSame(outputs, model.outputs))
    return undefined;
  const columns = await source.openColumns?.(connection);
  if (!columns) return undefined;
  const partColumns = await PartColumns.open(columns, outputs);
  return {
    source: columns,
    predictor: predictor.columns,
    partColumns,
    [Symbol.asyncDispose]: async () => partColumns.close(),
  };
}

/** The registry may have changed since the job began. */
function areSame(outputs: readonly TypedName[], ofModel: readonly TypedName[]): boolean {
  const ofOne = ({ name, valueType }: TypedName): readonly string[] => [name, valueType];
  return isDeepStrictEqual(outputs.map(ofOne), ofModel.map(ofOne));
}
