import { toElementType } from '../../../values/value-type.js';
import {
  formatTablePath,
  type TableAddress,
  type TableColumn,
  type TableMetadata,
} from '../../google/bigquery/tables.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import { hasTieOrder } from '../point-in-time/bigquery/entity-features.js';
import { isPartitionType } from '../point-in-time/bigquery/row-filters.js';
import type { BigQueryTable } from '../point-in-time/bigquery/table.js';
import { isReadableAs, toBigQueryColumn } from '../../google/bigquery/column-types.js';
import { typeName } from '../../google/bigquery/type-names.js';

/** Columns of our tables beside those that the registry names. */
const CREATED_TIME = 'created_timestamp';
const SEQUENCE = 'sequence';
const ARRIVAL = 'arrival_number';
const EMPTY_ARRAYS = 'empty_arrays';

/** The table of a source: as the registry names it, otherwise named after the entity type and the source. */
export function tableName(source: FeatureSource): string {
  return source.bigQueryTable ?? `${source.entityType.name}__${source.name}`;
}

/** The location of that table. The store's settings give the project and the dataset where the name omits them. */
export function resolveTableAddress(source: FeatureSource, { project, dataset }: BigQuerySettings): TableAddress {
  // The project id of a domain contains dots, so only the last two dots separate.
  const [, ofProject, ofDataset, table] = /^(?:(?:(.+)\.)?([^.]+)\.)?([^.]+)$/.exec(tableName(source))!;
  return { project: ofProject ?? project, dataset: ofDataset ?? dataset!, table: table! };
}

/** The columns to create a table with, or to add when they are new in the registry. */
export function expectedColumns(source: FeatureSource): TableColumn[] {
  return [
    ...source.entityType.entityIdColumns.map((name) => ({ name, type: 'STRING', mode: 'REQUIRED' })),
    ...(source.timestampColumn === null ? [] : [{ name: source.timestampColumn, type: 'TIMESTAMP', mode: 'REQUIRED' }]),
    { name: source.createdTimestampColumn ?? CREATED_TIME, type: 'TIMESTAMP', mode: 'NULLABLE' },
    { name: source.sequenceColumn ?? SEQUENCE, type: 'INT64', mode: 'NULLABLE' },
    { name: ARRIVAL, type: 'INT64', mode: 'NULLABLE' },
    ...(source.features.some(({ valueType }) => toElementType(valueType))
      ? [{ name: EMPTY_ARRAYS, type: 'STRING', mode: 'REPEATED' }]
      : []),
    ...source.features.map(({ column, valueType }) => ({
      name: column,
      ...toBigQueryColumn(valueType),
    })),
  ];
}

/** Why an existing table cannot be read, one sentence each. */
export function tableFaults(source: FeatureSource, metadata: TableMetadata, settings: BigQuerySettings): string[] {
  const { location, pointInTime } = settings;
  const { location: actual = location, schema } = metadata;
  const columns = schema?.fields ?? [];
  const isForm = pointInTime === 'ENTITY_FEATURES_AT_TIME' && source.timestampColumn !== null;
  return [
    ...(actual.toLowerCase() === location.toLowerCase()
      ? []
      : [`it is in ${actual}, and a query that runs in ${location} does not find it`]),
    ...columnFaults(source, columns),
    ...(isForm && hasTieOrder(readTableLayout(source, metadata, settings))
      ? [
          'its columns say which of two rows of one time is newer, which ML.ENTITY_FEATURES_AT_TIME cannot heed; set pointInTime of the offline store to AGGREGATE',
        ]
      : []),
  ];
}

/** What a read needs and the table lacks. */
function columnFaults(source: FeatureSource, columns: readonly TableColumn[]): string[] {
  // Compares names in any case, as BigQuery's own queries do: an entity type has one spelling of its id columns for all
  // its tables.
  const named = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const want = (name: string, types: readonly string[]): string[] => {
    const column = named.get(name.toLowerCase());
    if (!column) return [`it has no column "${name}"`];
    const type = typeName(column.type);
    const isFit = types.includes(type) && column.mode !== 'REPEATED';
    return isFit ? [] : [`column "${name}" is ${describe(column)}, and not ${types.join(' or ')}`];
  };
  return [
    ...source.entityType.entityIdColumns.flatMap((name) => want(name, ['STRING', 'INT64'])),
    ...(source.timestampColumn === null ? [] : want(source.timestampColumn, ['TIMESTAMP'])),
    ...(source.createdTimestampColumn === null ? [] : want(source.createdTimestampColumn, ['TIMESTAMP'])),
    ...(source.sequenceColumn === null ? [] : want(source.sequenceColumn, ['INT64'])),
    ...source.features.flatMap(({ column: name, valueType }) => {
      const column = named.get(name.toLowerCase());
      if (!column) return [`it has no column "${name}"`];
      if (isReadableAs(valueType, { type: column.type, mode: column.mode ?? 'NULLABLE' })) return [];
      return [`column "${name}" is ${describe(column)}, which is no ${valueType}`];
    }),
  ];
}

function describe({ type, mode }: TableColumn): string {
  return mode === 'REPEATED' ? `ARRAY<${typeName(type)}>` : typeName(type);
}

/** How to read a table without faults. */
export function readTableLayout(
  source: FeatureSource,
  metadata: TableMetadata,
  settings: BigQuerySettings,
): BigQueryTable {
  const columns = metadata.schema?.fields ?? [];
  const types = new Map(columns.map(({ name, type }) => [name, typeName(type)]));
  const idTypes = new Map(columns.map(({ name, type }) => [name.toLowerCase(), typeName(type)]));
  const ifThere = (name: string, type: string) => (types.get(name) === type ? name : null);
  return {
    path: formatTablePath(resolveTableAddress(source, settings)),
    entityColumns: source.entityType.entityIdColumns.map((name) => ({
      name,
      type: idTypes.get(name.toLowerCase()) === 'INT64' ? 'INT64' : 'STRING',
    })),
    eventTime: source.timestampColumn,
    createdTime: source.createdTimestampColumn ?? ifThere(CREATED_TIME, 'TIMESTAMP'),
    sequence: source.sequenceColumn ?? ifThere(SEQUENCE, 'INT64'),
    arrival: ifThere(ARRIVAL, 'INT64'),
    emptyArrays: ifThere(EMPTY_ARRAYS, 'STRING'),
    requiredFilter: requiredFilter(metadata),
  };
}

/** The pseudo column of a table that is partitioned by the time of ingestion. */
const INGESTION_TIME = { column: '_PARTITIONTIME', type: 'TIMESTAMP' } as const;

function requiredFilter(metadata: TableMetadata): BigQueryTable['requiredFilter'] {
  const { timePartitioning, rangePartitioning, requirePartitionFilter } = metadata;
  if (!(requirePartitionFilter ?? timePartitioning?.requirePartitionFilter)) return null;
  const column = timePartitioning?.field ?? rangePartitioning?.field;
  if (column === undefined) return INGESTION_TIME;
  const type = typeName(metadata.schema?.fields?.find(({ name }) => name === column)?.type ?? '');
  if (!isPartitionType(type)) throw new Error(`a table is partitioned by a column of type ${type}`);
  return { column, type };
}
