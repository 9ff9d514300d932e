import type { TableColumn } from '../../google/bigquery/tables.js';
import { typeName } from '../../google/bigquery/type-names.js';
import type { Labels } from '../model.js';
import { columnName, MAX_FEATURE_NAME_LENGTH, resourceName } from '../document/common-fields.js';
import type { FeaturestoreInput } from '../document/document.js';
import { RESERVED_NAMES } from '../document/column-faults.js';
import { toValueType } from './table-schema.js';

export type EntityTypeInput = FeaturestoreInput['entityTypes'][number];
export type SourceInput = EntityTypeInput['sources'][number];
export type FeatureInput = SourceInput['features'][number];

/** Vertex AI's description of a table. The case of its column names may differ from BigQuery's, which ignores case. */
export interface WantedSource {
  readonly featureView: string;
  /** The name in messages about the whole: `Feature group orders of feature view customer`. */
  readonly what: string;
  readonly entityIdColumns: readonly string[];
  readonly isStatic: boolean;
  /** Undefined when not specified: then the default column, where the table has it. */
  readonly timestampColumn: string | undefined;
  /** Undefined for all columns. */
  readonly features: readonly WantedFeature[] | undefined;
}

export interface WantedFeature {
  readonly name: string;
  readonly column: string;
  readonly description: string | undefined;
  readonly owner: string | undefined;
  readonly labels: Labels;
}

/** Undefined when the gateway can use no part of the table. */
export interface FoundSource {
  readonly entityIdColumns: string[];
  readonly source: Pick<SourceInput, 'static' | 'timestampColumn' | 'features'>;
}

const DEFAULT_TIME_COLUMN = 'feature_timestamp';

/**
 * A source of the registry, from Vertex AI's requirements and the table's columns. It omits columns that a registry or
 * the offline store does not support, and adds a sentence for each: one unsupported column must not prevent a gateway's
 * start.
 */
export function matchSourceTable(
  wanted: WantedSource,
  columns: readonly TableColumn[],
  leaveOut: (sentence: string) => void,
): FoundSource | undefined {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const find = (name: string): TableColumn | undefined => byName.get(name.toLowerCase());
  const ids = wanted.entityIdColumns.map((name) => ({ name, column: find(name) }));
  const time = wanted.isStatic ? undefined : find(wanted.timestampColumn ?? DEFAULT_TIME_COLUMN);
  const fault =
    ids.map(({ name, column }) => keyFault('id', name, column, ['STRING', 'INT64'])).find(Boolean) ??
    (wanted.isStatic || (wanted.timestampColumn === undefined && !time)
      ? undefined
      : keyFault('time', wanted.timestampColumn ?? DEFAULT_TIME_COLUMN, time, ['TIMESTAMP']));
  if (fault !== undefined) {
    leaveOut(`${wanted.what}: ${fault}.`);
    return undefined;
  }
  const keys = new Set([...ids.map(({ column }) => column), time]);
  const features = (wanted.features ?? columns.filter((column) => !keys.has(column)).map(toFeatureInput)).flatMap(
    (feature) => {
      const found = matchFeature(feature, find(feature.column));
      if (typeof found !== 'string') return [found];
      leaveOut(`Feature ${wanted.featureView}.${feature.name}: ${found}.`);
      return [];
    },
  );
  if (features.length === 0) return undefined;
  return {
    entityIdColumns: ids.map(({ column }) => column!.name),
    source: { ...(time ? { timestampColumn: time.name } : { static: true }), features },
  };
}

function keyFault(
  role: 'id' | 'time',
  name: string,
  column: TableColumn | undefined,
  types: readonly string[],
): string | undefined {
  if (!column) return `its ${role} column ${name} is not in the table`;
  if (!types.includes(typeName(column.type)) || column.mode === 'REPEATED') {
    return `its ${role} column ${name} is a ${describe(column)}, and not ${types.join(' or ')}`;
  }
  return isReadableAsType(columnName, column.name) ? undefined : describeUnsupported(role, name);
}

function toFeatureInput({ name }: TableColumn): WantedFeature {
  return { name, column: name, description: undefined, owner: undefined, labels: {} };
}

/** The feature, or the reason why the column cannot be one. */
function matchFeature(
  { name, column: wanted, description, owner, labels }: WantedFeature,
  column: TableColumn | undefined,
): FeatureInput | string {
  if (!column) return 'its column is not in the table';
  const valueType = toValueType(column);
  if (valueType === undefined) return `a ${describe(column)} is not served`;
  if (name.length > MAX_FEATURE_NAME_LENGTH) return `its name has more than ${MAX_FEATURE_NAME_LENGTH} characters`;
  // Only a view directly over a table can have such a feature: Vertex AI's own ids are as strict.
  if (!isReadableAsType(resourceName(MAX_FEATURE_NAME_LENGTH), name)) {
    return 'a feature’s name has lower-case letters, digits and _; make a view in BigQuery that renames the column';
  }
  if (!isReadableAsType(columnName, column.name)) return describeUnsupported('', wanted);
  if (RESERVED_NAMES.has(name) || RESERVED_NAMES.has(column.name)) {
    return 'tables of featuregraph have a column of that name; make a view in BigQuery that renames it';
  }
  const said = description ?? column.description;
  return {
    name,
    valueType,
    ...(column.name === name ? {} : { column: column.name }),
    ...(said ? { description: said } : {}),
    ...(owner ? { owner } : {}),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
}

function describe({ type, mode }: TableColumn): string {
  return `${mode === 'REPEATED' ? 'repeated ' : ''}${type}`;
}

function describeUnsupported(role: string, name: string): string {
  return `its ${role === '' ? '' : `${role} `}column ${name} has other characters than letters, digits and _`;
}

function isReadableAsType(schema: typeof columnName, text: string): boolean {
  return schema.safeParse(text).success;
}
