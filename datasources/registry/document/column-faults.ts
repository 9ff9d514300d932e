import type { EntityTypeDocument, FeaturestoreDocument, SourceDocument } from './document.js';
import type { Fault } from '../../../runtime/yaml/fault.js';

/** Columns that every table of values has beside its features (datasources/offline). */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'entity_id',
  'event_timestamp',
  'created_timestamp',
  'sequence',
  'arrival_number',
  'empty_arrays',
]);

/** BigQuery allows no column with these prefixes, in any case (cloud.google.com/bigquery/docs/schemas). */
export const RESERVED_PREFIXES =
  /^(_table_|_file_|_partition|_row_timestamp|__root__|_colidentifier|_change_(sequence_number|type|timestamp))/i;

interface Column {
  readonly role: string;
  readonly name: string;
  /** The path of a name in the registry, from the entity type; undefined when the registry does not name it. */
  readonly path?: readonly PropertyKey[];
}

/**
 * Finds two columns with one name in a table that the gateway creates, before BigQuery rejects the table with an error
 * of its own. BigQuery compares column names in any case.
 */
export function columnFaults(
  { offlineStore }: FeaturestoreDocument,
  entityType: EntityTypeDocument,
  path: readonly PropertyKey[],
): Fault[] {
  const isMadeInBigQuery = hasTablesMadeInBigQuery(offlineStore);
  return entityType.sources.flatMap((source, index) => {
    const ofSource = ['sources', index];
    const columns = isMadeInBigQuery
      ? columnsInBigQuery(entityType, source, ofSource)
      : source.sql === null
        ? []
        : [{ role: 'the number of a row', name: 'arrival_number' }, ...keyColumns(entityType, source, ofSource)];
    const first = new Map<string, Column>();
    return columns.flatMap((column): Fault[] => {
      const other = first.get(column.name.toLowerCase());
      first.set(column.name.toLowerCase(), other ?? column);
      const at = [...path, ...(column.path ?? other?.path ?? ofSource)];
      if (isMadeInBigQuery && RESERVED_PREFIXES.test(column.name)) {
        return [{ path: at, message: `BigQuery has no column whose name begins as "${column.name}" does` }];
      }
      if (!other || (!isMadeInBigQuery && other.path)) return [];
      return [{ path: at, message: `"${column.name}" is both ${other.role} and ${column.role}; rename one` }];
    });
  });
}

function hasTablesMadeInBigQuery(offlineStore: FeaturestoreDocument['offlineStore']): boolean {
  switch (offlineStore.kind) {
    case 'DUCKDB':
      return false;
    case 'BIGQUERY':
      return offlineStore.createTables;
  }
}

/** The columns of the table that BigQuery's adapter creates. */
function columnsInBigQuery(
  entityType: EntityTypeDocument,
  source: SourceDocument,
  ofSource: readonly PropertyKey[],
): Column[] {
  const { createdTimestampColumn, sequenceColumn, features } = source;
  return [
    { role: 'the order of arrival', name: 'arrival_number' },
    { role: 'the list of empty arrays', name: 'empty_arrays' },
    ...(createdTimestampColumn === null ? [{ role: 'the created timestamp', name: 'created_timestamp' }] : []),
    ...(sequenceColumn === null ? [{ role: 'the sequence', name: 'sequence' }] : []),
    ...keyColumns(entityType, source, ofSource),
    ...features.map((feature, index) => ({
      role: `the feature ${feature.name}`,
      name: feature.column ?? feature.name,
      path: [...ofSource, 'features', index, ...(feature.column === undefined ? ['name'] : ['column'])],
    })),
  ];
}

function keyColumns(
  { entityIdColumns }: EntityTypeDocument,
  { timestampColumn, createdTimestampColumn, sequenceColumn, static: isStatic }: SourceDocument,
  ofSource: readonly PropertyKey[],
): Column[] {
  const named = (role: string, name: string | null, field: string): Column[] =>
    name === null ? [] : [{ role, name, path: [...ofSource, field] }];
  return [
    ...entityIdColumns.map((name, index) => ({ role: 'an id column', name, path: ['entityIdColumns', index] })),
    ...(isStatic ? [] : named('the timestamp', timestampColumn, 'timestampColumn')),
    ...named('the created timestamp', createdTimestampColumn, 'createdTimestampColumn'),
    ...named('the sequence', sequenceColumn, 'sequenceColumn'),
  ];
}
