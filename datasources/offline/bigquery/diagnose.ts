import { toErrorMessage } from '../../../errors/error-message.js';
import type { BigQuery } from '@google-cloud/bigquery';
import { toElementType } from '../../../values/value-type.js';
import type { Finding } from '../../diagnosis.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import type { BigQueryDependencies } from './open-bigquery.js';
import { openBigQueryClient } from '../../google/bigquery/client.js';
import { resolveTableAddress, readTableLayout, tableFaults, tableName } from './source-table.js';
import { readTable, type TableMetadata } from '../../google/bigquery/tables.js';
import { hasStatus } from '../../google/bigquery/api-error.js';

/** Checks the dataset, if all sources share one, and the tables of the sources; changes nothing. */
export async function* diagnoseBigQuery(
  settings: BigQuerySettings,
  sources: readonly FeatureSource[],
  clientOptions?: BigQueryDependencies['client'],
): AsyncGenerator<Finding> {
  const client = await openBigQueryClient(settings, clientOptions);
  if (settings.dataset !== null) {
    const dataset = await datasetFinding(client, settings);
    yield dataset;
    if (dataset.status === 'fault') return;
  }
  for (const source of sources) yield* tableFindings(client, settings, source);
}

async function datasetFinding(client: BigQuery, { project, dataset, location }: BigQuerySettings): Promise<Finding> {
  try {
    const answer: unknown[] = await client.dataset(dataset!).getMetadata();
    const { location: actual = '' } = answer[0] as { location?: string };
    if (actual.toLowerCase() === location.toLowerCase()) {
      return { status: 'ok', message: `dataset ${project}.${dataset} is in ${actual}` };
    }
    return {
      status: 'fault',
      message: `dataset ${project}.${dataset} is in ${actual}, the registry says ${location}`,
      remedy: `location: ${actual} in the registry`,
    };
  } catch (error) {
    if (hasStatus(error, 404)) {
      const todo = `bq mk --location=${location} ${project}:${dataset}`;
      return { status: 'fault', message: `there is no dataset ${project}.${dataset}`, remedy: todo };
    }
    const words = toErrorMessage(error);
    return { status: 'fault', message: `dataset ${project}.${dataset} cannot be read: ${words}` };
  }
}

async function* tableFindings(
  client: BigQuery,
  settings: BigQuerySettings,
  source: FeatureSource,
): AsyncGenerator<Finding> {
  const table = tableName(source);
  let metadata: TableMetadata | undefined;
  try {
    metadata = await readTable(client, resolveTableAddress(source, settings));
  } catch (error) {
    const words = toErrorMessage(error);
    yield { status: 'fault', message: `table ${table} cannot be read: ${words}` };
    return;
  }
  if (metadata === undefined) {
    if (settings.createTables) yield { status: 'ok', message: `table ${table} is made when the gateway starts` };
    else yield { status: 'fault', message: `there is no table ${table}`, remedy: 'make it, or set createTables: true' };
    return;
  }
  const faults = tableFaults(source, metadata, settings);
  for (const fault of faults) yield { status: 'fault', message: `table ${table}: ${fault}` };
  if (faults.length === 0) yield { status: 'ok', message: `table ${table} has all columns` };
  yield* layoutWarnings(table, source, settings, metadata);
}

/** Settings that work but raise the cost or leave ties undecided. */
function* layoutWarnings(
  table: string,
  source: FeatureSource,
  settings: BigQuerySettings,
  metadata: TableMetadata,
): Generator<Finding> {
  const { timestampColumn, entityType, features } = source;
  const layout = readTableLayout(source, metadata, settings);
  if (timestampColumn !== null && metadata.timePartitioning?.field !== timestampColumn) {
    yield {
      status: 'warning',
      message: `table ${table} is not partitioned by ${timestampColumn}: every read is billed for all of it`,
      remedy: `CREATE TABLE … PARTITION BY TIMESTAMP_TRUNC(${timestampColumn}, DAY) AS SELECT * FROM ${table}`,
    };
  }
  if (metadata.clustering?.fields[0]?.toLowerCase() !== entityType.entityIdColumns[0]?.toLowerCase()) {
    const columns = entityType.entityIdColumns.slice(0, 4).join(',');
    const { project, dataset, table: id } = resolveTableAddress(source, settings);
    yield {
      status: 'warning',
      message: `table ${table} is not clustered by ${columns}: the history of one entity is billed as that of all`,
      remedy: `bq update --clustering_fields=${columns} ${project}:${dataset}.${id}`,
    };
  }
  if (layout.createdTime === null && layout.sequence === null && layout.arrival === null) {
    yield {
      status: 'warning',
      message: `table ${table} does not say which of two rows of one entity and time is newer: any is taken`,
      remedy: 'keep them unique, or name a createdTimestampColumn or sequenceColumn',
    };
  }
  if (layout.emptyArrays === null && features.some(({ valueType }) => toElementType(valueType))) {
    yield {
      status: 'warning',
      message: `table ${table} has no column empty_arrays: an empty array is read as no value`,
    };
  }
}
