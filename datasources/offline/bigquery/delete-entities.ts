import type { FeatureSource } from '../../registry/model.js';
import { BigQueryParameters, type BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { quoteForBigQuery, type BigQueryTable } from '../point-in-time/bigquery/table.js';
import { partitionConditions, wholeEntityConditions } from '../point-in-time/bigquery/row-filters.js';

/** Why deleted rows can still be read: by the time travel of the dataset, which nothing but its end removes. */
export const TIME_TRAVEL =
  'BigQuery keeps deleted rows for the time travel of the dataset (2 to 7 days) and 7 more days for recovery. ' +
  'Reads of featuregraph do not see them.';

/** BigQuery deletes no table rows that arrived by streaming a short time ago. The statement then deletes nothing. */
export const STREAMING_BUFFER =
  'BigQuery does not yet delete rows that were streamed into it a short time ago, so the history of these entities ' +
  'is still there. Repeat this request after 90 minutes.';

/**
 * Deletes all rows of entities from a table. The conditions on each part of a composite id let BigQuery skip blocks of
 * the clustered table; the condition on the whole id excludes other combinations of these parts. Undefined when no row
 * can have one of the ids.
 */
export function deleteQuery(
  { entityType }: FeatureSource,
  table: BigQueryTable,
  entityIds: readonly string[],
): BigQuerySql | undefined {
  const parameters = new BigQueryParameters();
  const ofEntities = wholeEntityConditions(table, entityIds, entityType.entityIdColumns, parameters);
  if (ofEntities === undefined) return undefined;
  const sql = `DELETE FROM ${quoteForBigQuery(table.path)} AS h
WHERE ${[...partitionConditions(table, { hasTime: false }), ...ofEntities].join(' AND ')}`;
  return { sql, params: parameters.params, types: parameters.types };
}

/** Whether BigQuery refused a deletion because of rows that were streamed a short time ago. */
export function isInStreamingBuffer(error: unknown): boolean {
  return error instanceof Error && /streaming buffer/i.test(error.message);
}
