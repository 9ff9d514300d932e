import { quoteIdentifier } from '../../datasources/duckdb/sql-text.js';
import { measuredColumn } from '../../datasources/duckdb/written-columns.js';
import type { WrittenColumn, WrittenColumns } from '../../datasources/offline/column-reads.js';
import { fileListSql } from '../../datasources/files/read-parquet-files.js';
import { badInput } from '../../errors/app-error.js';
import type { BatchPredictionJobRecord } from '../batch-predictions.js';
import { openWrittenFiles, type BatchPredictionDependencies } from './batch-prediction-dependencies.js';
import { writtenType, type InstanceColumn } from './instance-columns.js';
import { LOCAL_BATCH_PREDICTION } from './local-batch-prediction-job.js';

/**
 * Opens the predictions of a job as columns: `prediction.NAME` for each output of the model and `instance.NAME` for each
 * column of the input. While the job runs: the predictions until now.
 */
export async function openPredictions(
  dependencies: BatchPredictionDependencies,
  record: BatchPredictionJobRecord,
  field: string,
): Promise<WrittenColumns> {
  if (!LOCAL_BATCH_PREDICTION.includes(record)) {
    throw badInput('The predictions of a model on Vertex AI are not here. Query them in BigQuery.', field);
  }
  const { checkpoint } = record;
  const opened = new AsyncDisposableStack();
  try {
    const written = await openWrittenFiles(dependencies, record, opened);
    if (written.format === 'JSONL') throw badInput('Lines of JSON have no types. Write PARQUET or TABLE.', field);
    const files = await written.files('predictions', checkpoint?.parts ?? []);
    if (!checkpoint || files.length === 0) throw badInput('The job has no predictions.', field);
    return {
      relation: `read_parquet(${fileListSql(files)}, hive_partitioning = false)`,
      columns: [...columnsOf('prediction', checkpoint.outputs), ...columnsOf('instance', checkpoint.columns)],
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** Values without declared types are JSON text, of which no column is known. */
function columnsOf(struct: 'prediction' | 'instance', fields: readonly InstanceColumn[]): WrittenColumn[] {
  return fields.map((field) => {
    const path = `${struct}.${quoteIdentifier(field.name)}`;
    return measuredColumn(`${struct}.${field.name}`, writtenType(field), path);
  });
}
