import { quoteForBigQuery } from '../datasources/offline/point-in-time/bigquery/table.js';
import { formatTablePath } from '../datasources/google/bigquery/tables.js';
import { MAX_ENTITY_ID_BYTES } from '../values/entity-id.js';
import type { StepOf } from './migration-steps.js';
import { TIME_COLUMN } from './migration-losses.js';

type TableStep = Pick<StepOf<'table'>, 'entityType' | 'from' | 'to' | 'columns'>;

/**
 * The column of an entity's id in an export. Google does not document the columns of an export. Google's own migration
 * kit reads the id of a full export from `entity_type_<entity type>` and the time from `feature_timestamp`
 * (GoogleCloudPlatform/professional-services, tools/vertexai-featurestore-migration-kit: legacy_exporter.py,
 * feature_store_importer.py). googleapis/python-aiplatform agrees: its system tests find the id under that name in tables
 * of the batch read, and no feature may be called `feature_timestamp` (featurestore_utils.py).
 */
export function exportedIdColumn(entityType: string): string {
  return `entity_type_${entityType}`;
}

/** Makes the table of an entity type from an export. One statement: the table is there with all rows, or it is not. */
export function createTableSql(step: TableStep): string {
  return [
    `CREATE TABLE IF NOT EXISTS ${quoted(step.to)}`,
    `PARTITION BY DATE(${TIME_COLUMN})`,
    'CLUSTER BY entity_id AS',
    selectExport(step),
  ].join('\n');
}

/**
 * Adds what a later export has to the table. A row of the table that lacks a value of the export gets it; a row that has
 * all of them is not touched, because BigQuery refuses to change a row within 90 minutes of its streaming. A second run
 * changes nothing.
 */
export function mergeSql(step: TableStep): string {
  const names = ['entity_id', TIME_COLUMN, ...step.columns.map(({ name }) => quoteForBigQuery(name))];
  const merged = step.columns.map(({ name, valueType }) => ({
    name: quoteForBigQuery(name),
    value: newerValue(quoteForBigQuery(name), valueType.endsWith('_ARRAY')),
  }));
  // Without its own name, a field that is an expression has none, and no two texts would be equal.
  const textOf = (valueOf: (column: (typeof merged)[number]) => string): string =>
    `TO_JSON_STRING(STRUCT(${merged.map((column) => `${valueOf(column)} AS ${column.name}`).join(', ')}))`;
  return [
    `MERGE ${quoted(step.to)} AS h`,
    `USING (${selectExport(step)}) AS e`,
    `ON h.entity_id = e.entity_id AND h.${TIME_COLUMN} = e.${TIME_COLUMN}`,
    `WHEN MATCHED AND ${textOf(({ value }) => value)} != ${textOf(({ name }) => `h.${name}`)}`,
    `THEN UPDATE SET ${merged.map(({ name, value }) => `${name} = ${value}`).join(', ')}`,
    `WHEN NOT MATCHED THEN INSERT (${names.join(', ')})`,
    `VALUES (${names.map((name) => `e.${name}`).join(', ')})`,
  ].join('\n');
}

/** One row: how many entities and times have two rows, and how many ids are too long. */
export function checkTableSql(to: TableStep['to']): string {
  return [
    'SELECT',
    `  (SELECT COUNT(*) FROM (SELECT 1 FROM ${quoted(to)} GROUP BY entity_id, ${TIME_COLUMN} HAVING COUNT(*) > 1)) AS doubled,`,
    `  (SELECT COUNT(DISTINCT entity_id) FROM ${quoted(to)} WHERE BYTE_LENGTH(entity_id) > ${MAX_ENTITY_ID_BYTES}) AS too_long`,
  ].join('\n');
}

function selectExport({ entityType, from, columns }: TableStep): string {
  // The name of a feature may be a keyword of SQL.
  const names = columns.map(({ name }) => quoteForBigQuery(name));
  return `SELECT ${[`${exportedIdColumn(entityType)} AS entity_id`, TIME_COLUMN, ...names].join(', ')} FROM ${quoted(from)}`;
}

/** An array of BigQuery is empty, never null. */
function newerValue(name: string, isArray: boolean): string {
  return isArray ? `IF(ARRAY_LENGTH(e.${name}) > 0, e.${name}, h.${name})` : `COALESCE(e.${name}, h.${name})`;
}

function quoted(table: TableStep['to']): string {
  return `\`${formatTablePath(table)}\``;
}
