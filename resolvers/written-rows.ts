import type { Access } from '../auth/policy/access.js';
import { checkRow } from '../auth/policy/permission.js';
import type { EntityType, Feature, Featurestore } from '../datasources/registry/model.js';
import { getEntityType, getFeature } from '../datasources/registry/registry.js';
import { AppError, badInput } from '../errors/app-error.js';
import type { IncomingRow, RowFault } from '../ingestion/feature-writer.js';
import { firstOrder, type FeatureOrder } from '../ingestion/rows/feature-orders.js';
import { readEntityId, readFeatureValue } from '../ingestion/rows/read-row.js';
import { KeyedList, ListKeys } from '../runtime/keyed-list.js';
import type { UserError } from '../schema/user-error.js';
import type { WrittenRowInput } from '../schema/write/write-feature-values.js';
import type { RawValue } from '../values/value-type.js';
import { toUserError } from './user-errors.js';

/** A row of the input with its number there. */
export interface NumberedRow {
  readonly number: number;
  readonly input: WrittenRowInput;
  readonly row: IncomingRow;
}

export interface WrittenRows {
  readonly byEntityType: ReadonlyMap<EntityType, readonly NumberedRow[]>;
  readonly userErrors: readonly UserError[];
}

/** Reads the rows of a write. An error in a row does not concern the others. */
export function readWrittenRows(
  access: Access,
  featurestore: Featurestore,
  rows: readonly WrittenRowInput[],
): WrittenRows {
  const byEntityType = new Map<EntityType, NumberedRow[]>();
  const userErrors: UserError[] = [];
  for (const [number, input] of rows.entries()) {
    try {
      const entityType = getEntityType(featurestore, input.entityType, 'entityType');
      const row = readRow(entityType, input);
      checkRow(access, entityType, row, (feature) => valueField(input, feature.name));
      const ofType = byEntityType.get(entityType) ?? [];
      byEntityType.set(entityType, ofType);
      ofType.push({ number, input, row });
    } catch (error) {
      userErrors.push(rowError(number, error));
    }
  }
  return { byEntityType, userErrors };
}

function readRow(entityType: EntityType, { entityId, timestamp, values }: WrittenRowInput): IncomingRow {
  let order: FeatureOrder | undefined = firstOrder(entityType);
  const features: Feature[] = [];
  const read: (RawValue | null)[] = [];
  for (const [index, { feature: name, value }] of values.entries()) {
    order = order?.next(name);
    const feature = order?.last ?? getFeature(entityType, name, `values[${index}].feature`);
    if (!order && features.includes(feature)) {
      throw badInput(`The row has two values of "${name}".`, `values[${index}].feature`);
    }
    features.push(feature);
    read.push(readFeatureValue(feature, value ?? null, () => `values[${index}].value`));
  }
  return {
    entityId: readEntityId(entityType, entityId),
    timestamp: timestamp ?? null,
    values: new KeyedList(order?.keys ?? new ListKeys(features), read),
  };
}

/** The error of a row that the writer refuses. */
export function faultError({ number, input }: NumberedRow, { part, code, message }: RowFault): UserError {
  const field = part && fieldOf(input, part);
  return rowError(number, new AppError(code, message, field === null ? {} : { field }));
}

function fieldOf(input: WrittenRowInput, part: NonNullable<RowFault['part']>): string {
  if (part.kind === 'VALUE') return valueField(input, part.feature);
  return part.kind === 'TIMESTAMP' ? 'timestamp' : 'entityId';
}

function valueField({ values }: WrittenRowInput, name: string): string {
  return `values[${values.findIndex(({ feature }) => feature === name)}].feature`;
}

function rowError(row: number, error: unknown): UserError {
  if (!(error instanceof AppError)) throw error;
  const { field } = error.details;
  const place = `rows[${row}]`;
  const details = { ...error.details, row, field: field === undefined ? place : `${place}.${field}` };
  return toUserError(new AppError(error.code, error.message, details));
}
