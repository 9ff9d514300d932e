import { elementTypeOf } from '../../../values/value-type.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import type { BigQueryTable } from '../point-in-time/bigquery-table.js';
import { columnTypeOf, isReadableAs, typeName } from './value-mapping.js';

/** What the API says of a table. */
export interface TableMetadata {
  readonly location?: string;
  readonly schema?: { readonly fields?: readonly TableColumn[] };
  readonly timePartitioning?: { readonly type: string; readonly field?: string };
  readonly clustering?: { readonly fields: readonly string[] };
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
}

/** Columns that tables of ours have beside those the registry names. */
const CREATED_TIME = 'created_timestamp';
const SEQUENCE = 'sequence';
const ARRIVAL = 'arrival_number';
const EMPTY_ARRAYS = 'empty_arrays';

/** The table a source is in: the one the registry names, or one named after the entity type and the source. */
export function tableIdOf(source: FeatureSource): string {
  return source.bigQueryTable ?? `${source.entityType.name}__${source.name}`;
}

/** The columns a table is made with, or given when they are new in the registry. */
export function columnsOf(source: FeatureSource): Required<TableColumn>[] {
  return [
    ...source.entityType.entityIdColumns.map((name) => ({ name, type: 'STRING', mode: 'REQUIRED' })),
    ...(source.timestampColumn === null ? [] : [{ name: source.timestampColumn, type: 'TIMESTAMP', mode: 'REQUIRED' }]),
    { name: source.createdTimestampColumn ?? CREATED_TIME, type: 'TIMESTAMP', mode: 'NULLABLE' },
    { name: source.sequenceColumn ?? SEQUENCE, type: 'INT64', mode: 'NULLABLE' },
    { name: ARRIVAL, type: 'INT64', mode: 'NULLABLE' },
    ...(source.features.some(({ valueType }) => elementTypeOf(valueType))
      ? [{ name: EMPTY_ARRAYS, type: 'STRING', mode: 'REPEATED' }]
      : []),
    ...source.features.map(({ name, valueType }) => ({
      name,
      type: columnTypeOf(valueType),
      mode: elementTypeOf(valueType) ? 'REPEATED' : 'NULLABLE',
    })),
  ];
}

/** What a read needs of a table that it does not have, one sentence each. */
export function columnFaults(source: FeatureSource, columns: readonly TableColumn[]): string[] {
  const named = new Map(columns.map((column) => [column.name, column]));
  const want = (name: string, types: readonly string[]): string[] => {
    const column = named.get(name);
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
    ...source.features.flatMap(({ name, valueType }) => {
      const column = named.get(name);
      if (!column) return [`it has no column "${name}"`];
      if (isReadableAs(valueType, { type: column.type, mode: column.mode ?? 'NULLABLE' })) return [];
      return [`column "${name}" is ${describe(column)}, which is no ${valueType}`];
    }),
  ];
}

function describe({ type, mode }: TableColumn): string {
  return mode === 'REPEATED' ? `ARRAY<${typeName(type)}>` : typeName(type);
}

/** How a table without faults is read. */
export function layoutOf(
  source: FeatureSource,
  columns: readonly TableColumn[],
  { project, dataset }: BigQuerySettings,
): BigQueryTable {
  const types = new Map(columns.map(({ name, type }) => [name, typeName(type)]));
  const ifThere = (name: string, type: string) => (types.get(name) === type ? name : null);
  return {
    path: `${project}.${dataset}.${tableIdOf(source)}`,
    entityColumns: source.entityType.entityIdColumns.map((name) => ({
      name,
      type: types.get(name) === 'INT64' ? 'INT64' : 'STRING',
    })),
    eventTime: source.timestampColumn,
    createdTime: source.createdTimestampColumn ?? ifThere(CREATED_TIME, 'TIMESTAMP'),
    sequence: source.sequenceColumn ?? ifThere(SEQUENCE, 'INT64'),
    arrival: ifThere(ARRIVAL, 'INT64'),
    emptyArrays: ifThere(EMPTY_ARRAYS, 'STRING'),
  };
}
