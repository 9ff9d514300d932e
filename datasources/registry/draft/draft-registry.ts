import { OperatorError } from '../../../errors/operator-error.js';
import { RESERVED_NAMES } from '../document/column-faults.js';
import type { ColumnFacts } from './column-facts.js';
import type { ExaminedTable } from './examine-table.js';
import type { FeatureType } from './feature-types.js';
import { FreeNames, singular, toLegalName, uniqueName, type SchemaNames } from './legal-names.js';

/** The content of a registry file before it is text. */
export interface RegistryDraft {
  readonly featurestore: string;
  readonly entityTypes: readonly EntityTypeDraft[];
}

export interface EntityTypeDraft {
  readonly name: string;
  readonly idColumns: readonly string[];
  readonly sources: readonly SourceDraft[];
}

export interface SourceDraft {
  readonly table: ExaminedTable;
  readonly features: readonly FeatureDraft[];
}

export interface FeatureDraft {
  readonly name: string;
  readonly column: ColumnFacts;
  readonly type: FeatureType;
}

export interface DraftNames {
  readonly featurestore: string;
  /** null: from the names of the id columns and of the tables. */
  readonly entityType: string | null;
  /** Tables of which the user named the id columns. */
  readonly withNamedIds: ReadonlySet<string>;
  readonly schema: SchemaNames;
}

const MAX_NAME = 60;
/** Names of ids that do not say whose ids they are. */
const GENERAL_ID = /^(entity_)?(id|key|uuid|guid)$/;

/**
 * Tables with id columns of the same names are sources of one entity type, unless the names are such that every kind of
 * thing has them (id, key): then each table is of its own entity type.
 */
export function draftRegistry(tables: readonly ExaminedTable[], names: DraftNames): RegistryDraft {
  const groups = names.entityType === null ? groupByIds(tables) : [requireOneEntityType(tables, names)];
  const taken = new Set<string>();
  const entityTypes = groups.map((group): EntityTypeDraft => {
    const wanted = names.entityType ?? entityTypeName(group[0]!);
    const isFree = (name: string): boolean =>
      !taken.has(name) && !taken.has(singular(name)) && names.schema.isEntityTypeFree(names.featurestore, name);
    const name = names.entityType ?? uniqueName(wanted, isFree, MAX_NAME);
    taken.add(name);
    return draftEntityType(name, group, names.schema);
  });
  return { featurestore: names.featurestore, entityTypes };
}

function groupByIds(tables: readonly ExaminedTable[]): ExaminedTable[][] {
  const groups = new Map<string, ExaminedTable[]>();
  for (const table of tables) {
    const ids = idNames(table);
    const key = ids.every((name) => GENERAL_ID.test(name)) ? `table ${table.found.name}` : `ids ${ids.join(',')}`;
    groups.set(key, [...(groups.get(key) ?? []), table]);
  }
  return [...groups.values()];
}

/** With a named entity type, all tables are of it. Tables with other ids are so only if the user named their ids. */
function requireOneEntityType(
  tables: readonly ExaminedTable[],
  { entityType, withNamedIds }: DraftNames,
): readonly ExaminedTable[] {
  const [first] = tables;
  const ids = idNames(first!);
  const other = tables.find((table) => {
    const own = idNames(table);
    if (own.length !== ids.length) return true;
    if (own.join(',') === ids.join(',') || own.every((name) => GENERAL_ID.test(name))) return false;
    return !withNamedIds.has(table.found.name);
  });
  if (!other) return tables;
  throw new OperatorError(`These tables are not of one entity type "${entityType}", as --entity-type says:`, [
    `${first!.found.shown} has the id ${ids.join(',')}, and ${other.found.shown} has ${idNames(other).join(',')}`,
    `leave --entity-type out, or say that ids of ${other.found.name} are ids of ${entityType}: --entity-id ${other.found.name}=${other.id.map(({ name }) => name).join(',')}`,
  ]);
}

function idNames({ id }: ExaminedTable): string[] {
  return id.map(({ name }) => toLegalName(name, 'id'));
}

/** customer_id: customer; of a general id, what one row of the table is. */
function entityTypeName(table: ExaminedTable): string {
  const ids = idNames(table);
  if (ids.every((name) => GENERAL_ID.test(name))) return singular(table.found.name);
  const parts = ids.map((name) => name.replace(/_(id|key|uuid|guid)$/, '') || name);
  return parts.join('_').slice(0, MAX_NAME);
}

function draftEntityType(name: string, tables: readonly ExaminedTable[], schema: SchemaNames): EntityTypeDraft {
  const features = new FreeNames(schema.toField, schema.entityFields);
  const idColumns: string[] = [];
  for (const { name: column } of tables[0]!.id) {
    const isFree = (candidate: string): boolean =>
      !idColumns.some((other) => other.toLowerCase() === candidate.toLowerCase());
    idColumns.push(uniqueName(idColumnName(column), isFree, 128));
  }
  for (const column of [...idColumns, 'event_timestamp', 'created_timestamp']) features.takeColumn(column);
  const sources = tables.map((table): SourceDraft => ({
    table,
    features: table.features.map(({ column, type }, index) => {
      const legal = toLegalName(column.name, `column_${index + 1}`);
      return { name: features.takeFeature(legal, `${table.found.name}_${legal}`), column, type };
    }),
  }));
  return { name, idColumns, sources };
}

/** An id column keeps its name, because clients name labels by it, unless the registry has no such names. */
function idColumnName(column: string): string {
  const isLegal = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(column);
  const name = isLegal ? column : toLegalName(column, 'id');
  const isReserved = RESERVED_NAMES.has(name.toLowerCase()) && name !== 'entity_id';
  return isReserved ? `${name}_id` : name;
}
