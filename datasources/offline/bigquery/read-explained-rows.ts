import { decodeEntityId } from '../../../values/entity-id.js';
import {
  NO_EXPLAINED_ROWS,
  type ExplainedRow,
  type ExplainedRows,
  type ExplainRead,
  type RowClass,
} from '../explain-read.js';
import { compileExplainForBigQuery } from '../point-in-time/bigquery/compile-explain.js';
import {
  BigQueryParameters,
  timestampParameter,
  type BigQuerySql,
  type ParameterType,
} from '../point-in-time/bigquery/parameters.js';
import { entityConditions, isInt64, partitionConditions } from '../point-in-time/bigquery/row-filters.js';
import type { BigQueryTable } from '../point-in-time/bigquery/table.js';
import { planExplanation } from '../point-in-time/explain-plan.js';
import type { ResultRow } from './query-jobs.js';
import { fromBigQuery, integerFromBigQuery } from './value-mapping.js';

/** The query of an explanation. Undefined when no row can have one of the ids. */
export function explainQuery(read: ExplainRead, table: BigQueryTable): BigQuerySql | undefined {
  const parameters = new BigQueryParameters();
  const { entityColumns } = table;
  const columns = read.feature.entityType.entityIdColumns;
  const labels = read.labels
    .map(({ entityId, time }, label) => ({ label, time, parts: decodeEntityId(entityId, columns) }))
    .filter(({ parts }) => entityColumns.every(({ type }, part) => type === 'STRING' || isInt64(parts[part]!)));
  const ids = labels.map(({ parts }) => parts);
  const ofEntities = entityConditions(table, ids, parameters);
  if (ofEntities === undefined) return undefined;
  const fields: Record<string, ParameterType> = { label: 'INT64', label_time: 'TIMESTAMP' };
  entityColumns.forEach(({ type }, part) => (fields[`key_${part}`] = type));
  const placeholder = parameters.add(
    'labels',
    [fields],
    labels.map(({ label, time, parts }) => ({
      label: String(label),
      label_time: timestampParameter(time),
      ...Object.fromEntries(entityColumns.map((_, part) => [`key_${part}`, parts[part]])),
    })),
  );
  const constants = [...partitionConditions(table, { hasTime: false }), ...ofEntities];
  return compileExplainForBigQuery(
    planExplanation(read),
    { labels: `UNNEST(${placeholder})`, table, constants },
    parameters,
  );
}

/** The rows of each label, from the result of its query. */
export function explainedRows(
  rows: readonly ResultRow[],
  { labels, feature }: Pick<ExplainRead, 'labels' | 'feature'>,
): ExplainedRows[] {
  const explained: ExplainedRows[] = labels.map(() => NO_EXPLAINED_ROWS);
  for (const row of rows) {
    const label = Number(integerFromBigQuery(row.label));
    const nearest = (row.nearest as readonly ResultRow[]).map((one): ExplainedRow => ({
      timestamp: integerFromBigQuery(one.event_time),
      createdTimestamp: integerFromBigQuery(one.created_time),
      sequence: integerFromBigQuery(one.sequence),
      arrival: integerFromBigQuery(one.arrival),
      // A table of BigQuery has no column with files.
      file: null,
      // BigQuery returns a null array as an empty one.
      value: one.is_there === true ? fromBigQuery(feature.valueType, one.value) : null,
    }));
    const ofClass = { count: integerFromBigQuery(row.row_count)!, rows: nearest };
    explained[label] = { ...explained[label]!, [row.class as RowClass]: ofClass };
  }
  return explained;
}
