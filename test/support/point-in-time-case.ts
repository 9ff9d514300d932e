import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureRow, OfflineStore, EntityMoment } from '../../datasources/offline/offline-store.js';
import type { EntityType } from '../../datasources/registry/model.js';
import { encodeEntityId } from '../../values/entity-id.js';
import { parseInstant } from '../../values/instant.js';
import type { RawValue, ValueType } from '../../values/value-type.js';
import { testEntityType } from './test-registry.js';

type Scalar = string | number | boolean | null;
type CaseRow = Readonly<Record<string, unknown>>;

/** A case in the form of ../shared/cases: labels, history, options and the expected row of each label. */
export interface PointInTimeCase {
  readonly id: string;
  readonly options: {
    readonly ttlSeconds?: number | null;
    readonly ignoreNulls?: boolean;
    readonly filterByCreatedTimestamp?: boolean;
    readonly strictlyBefore?: boolean;
    readonly passthrough?: readonly string[];
  };
  readonly entityRows: readonly CaseRow[];
  readonly featureRows: readonly CaseRow[];
  readonly expected: readonly CaseRow[];
}

export function readCases(folder: string): PointInTimeCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as PointInTimeCase);
}

const ROW_COLUMNS = new Set(['entity_id', 'timestamp', 'created_timestamp', 'sequence']);

/** Runs a case through the port of an offline store and gives its answer in the form of `expected`. */
export async function runCase(
  store: Pick<OfflineStore, 'append' | 'pointInTime'>,
  entityType: EntityType,
  pit: PointInTimeCase,
): Promise<CaseRow[]> {
  const source = entityType.sources[0]!;
  const names = featureNames(pit);
  // Rows without id or time are given back by the store: they match nothing, which is what the cases expect of them.
  await store.append(
    source,
    pit.featureRows.map((row) => featureRow(pit, entityType, row)),
  );
  // A store is never asked about no labels: the resolvers answer that themselves.
  if (pit.entityRows.length === 0) return [];
  const cells = await store.pointInTime({
    entityType,
    labels: pit.entityRows.map((row) => toLabel(pit, row)),
    features: entityType.features,
    options: {
      strictlyBefore: pit.options.strictlyBefore ?? false,
      knownAtLabelTime: pit.options.filterByCreatedTimestamp ?? false,
    },
  });
  return pit.entityRows.map((label, row) => ({
    ...Object.fromEntries((pit.options.passthrough ?? []).map((name) => [name, label[name]])),
    ...Object.fromEntries(names.map((name, index) => [name, plain(cells[row]?.[index]?.value ?? null)])),
  }));
}

/** The latest moment that a case speaks of. */
export function latestCaseTime(pit: PointInTimeCase): bigint {
  const times = [...pit.featureRows, ...pit.entityRows].map((row) => instant(row.timestamp) ?? 0n);
  return times.reduce((a, b) => (a > b ? a : b), 0n);
}

/** Whether a case speaks of a time that every way into the gateway refuses: rounding could move a value past an asOf. */
export function isFinerThanMicroseconds(pit: PointInTimeCase): boolean {
  return listTimes(pit).some((time) => /\.\d{6}\d*[1-9]/.test(time));
}

/** Every time of a case, as it is written. */
export function listTimes({ entityRows, featureRows }: PointInTimeCase): string[] {
  return [...entityRows, ...featureRows]
    .flatMap(({ timestamp, created_timestamp }) => [timestamp, created_timestamp])
    .filter((time) => typeof time === 'string');
}

/** Whether a feature of a case has values of several types, which no typed store can hold. */
export function hasMixedTypes(pit: PointInTimeCase): boolean {
  return featureNames(pit).some((name) => inferValueType(listFeatureValues(pit, name)) === undefined);
}

/**
 * The entity type a case is about: its feature types are read off its values. What a case calls in a way that no registry
 * takes is called otherwise here.
 */
export function caseEntityType(pit: PointInTimeCase): EntityType {
  return testEntityType({
    name: 'thing',
    entityIdColumns: idColumns(pit).map((column, index) => registryName(column, `id_${index}`)),
    dense: !(pit.options.ignoreNulls ?? false),
    ttlSeconds: pit.options.ttlSeconds ?? null,
    sources: [
      {
        features: featureNames(pit).map((name, index) => {
          const values = listFeatureValues(pit, name);
          const valueType = inferValueType(values);
          if (valueType === undefined) throw new Error(`values of several types: ${JSON.stringify(values)}`);
          return { name: registryName(name, `feature_${index}`), valueType };
        }),
      },
    ],
  });
}

/** As the case calls them, in the order of the features of its entity type. Those without a row are in the answers alone. */
function featureNames({ featureRows, expected, options }: PointInTimeCase): string[] {
  const notFeatures = new Set([...ROW_COLUMNS, ...(options.passthrough ?? [])]);
  return [
    ...new Set([
      ...featureRows.flatMap((row) => Object.keys(row)).filter((name) => !ROW_COLUMNS.has(name)),
      ...expected.flatMap((row) => Object.keys(row)).filter((name) => !notFeatures.has(name)),
    ]),
  ];
}

function listFeatureValues({ featureRows }: PointInTimeCase, name: string): unknown[] {
  return featureRows.map((row) => row[name] ?? null).filter((value) => value !== null);
}

function registryName(name: string, otherwise: string): string {
  return /^[a-z][a-z0-9_]*$/.test(name) ? name : otherwise;
}

function idColumns(pit: PointInTimeCase): string[] {
  const composite = [...pit.entityRows, ...pit.featureRows].map((row) => row.entity_id).find(isRecord);
  return composite ? Object.keys(composite) : ['entity_id'];
}

/** undefined for values of several types. */
function inferValueType(values: readonly unknown[]): ValueType | undefined {
  if (values.every((value) => typeof value === 'boolean')) return values.length === 0 ? 'DOUBLE' : 'BOOL';
  if (values.every((value) => Number.isSafeInteger(value))) return 'INT64';
  if (values.every((value) => typeof value === 'number')) return 'DOUBLE';
  if (values.every((value) => typeof value === 'string')) return 'STRING';
  return undefined;
}

function featureRow(pit: PointInTimeCase, entityType: EntityType, row: CaseRow): FeatureRow {
  const names = featureNames(pit);
  return {
    entityId: toEntityId(pit, row.entity_id),
    timestamp: instant(row.timestamp),
    createdTimestamp: instant(row.created_timestamp),
    sequence: typeof row.sequence === 'number' ? BigInt(row.sequence) : null,
    values: new Map(
      entityType.features.map((feature, index) => [
        feature.name,
        stored(feature.valueType, row[names[index]!] as Scalar),
      ]),
    ),
  };
}

function toLabel(pit: PointInTimeCase, row: CaseRow): EntityMoment {
  return { entityId: toEntityId(pit, row.entity_id), time: instant(row.timestamp) };
}

/** An id with a null part names no entity. */
function toEntityId(pit: PointInTimeCase, id: unknown): string | null {
  const parts = isRecord(id) ? idColumns(pit).map((column) => id[column]) : [id];
  if (parts.some((part) => part === null || part === undefined)) return null;
  return encodeEntityId(parts.map(String));
}

function instant(text: unknown): bigint | null {
  return typeof text === 'string' ? parseInstant(text) : null;
}

function stored(valueType: ValueType, value: Scalar | undefined): RawValue | null {
  if (value === null || value === undefined) return null;
  return valueType === 'INT64' ? BigInt(value) : value;
}

function plain(value: RawValue | null): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
