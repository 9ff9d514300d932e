import type { Access } from '../auth/policy/access.js';
import { checkRow } from '../auth/policy/permission.js';
import type { EntityType, Feature, Featurestore } from '../datasources/registry/model.js';
import { AppError, badInput } from '../errors/app-error.js';
import type { ErrorCode } from '../errors/error-codes.js';
import type { ViolatedRow } from '../ingestion/expectations/find-violations.js';
import type { IncomingRow, RowFault } from '../ingestion/feature-writer.js';
import { firstOrder, type FeatureOrder } from '../ingestion/rows/feature-orders.js';
import { parseFeatureValue, readEntityId, readFeatureValue } from '../ingestion/rows/read-row.js';
import { KeyedList, ListKeys } from '../runtime/keyed-list.js';
import type { UserError } from '../schema/user-error.js';
import type { ExpectationViolation } from '../schema/write/expectation-violation.js';
import type { WrittenRowInput } from '../schema/write/write-feature-values.js';
import type { RawValue } from '../values/value-type.js';
import { namedEntityTypeIn, namedFeature } from './catalogue.js';
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
  let last: EntityType | undefined;
  for (let number = 0; number < rows.length; number += 1) {
    const input = rows[number]!;
    try {
      const entityType: EntityType =
        last?.name === input.entityType ? last : namedEntityTypeIn(access, featurestore, input.entityType);
      last = entityType;
      const row = readRow(access, entityType, input);
      checkRow(access, entityType, row, (feature) => valueField(input, feature.name));
      const ofType = byEntityType.get(entityType);
      if (ofType) ofType.push({ number, input, row });
      else byEntityType.set(entityType, [{ number, input, row }]);
    } catch (error) {
      userErrors.push(rowError(number, error));
    }
  }
  return { byEntityType, userErrors };
}

function readRow(
  access: Access,
  entityType: EntityType,
  { entityId, timestamp, values }: WrittenRowInput,
): IncomingRow {
  let order: FeatureOrder | undefined = firstOrder(entityType);
  const read = new Array<RawValue | null>(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const { feature: name, value } = values[index]!;
    order = order.next(name);
    if (!order?.last) return readUnusualRow(access, entityType, { entityId, timestamp, values });
    read[index] = readValue(order.last, value, index);
  }
  return {
    entityId: readEntityId(entityType, entityId),
    timestamp: timestamp ?? null,
    values: new KeyedList(order.keys, read),
  };
}

/** A row with an unknown feature, one that it has twice, or an order of features too many. */
function readUnusualRow(
  access: Access,
  entityType: EntityType,
  { entityId, timestamp, values }: Omit<WrittenRowInput, 'entityType'>,
): IncomingRow {
  const features: Feature[] = [];
  const read = values.map(({ feature: name, value }, index) => {
    const feature = namedFeature(access, entityType, name, `values[${index}].feature`);
    if (features.includes(feature)) {
      throw badInput(`The row has two values of "${name}".`, `values[${index}].feature`);
    }
    features.push(feature);
    return readValue(feature, value, index);
  });
  return {
    entityId: readEntityId(entityType, entityId),
    timestamp: timestamp ?? null,
    values: new KeyedList(new ListKeys(features), read),
  };
}

/** The path of a value in an error is made when there is one: a function for each value was most of what a row took. */
function readValue(feature: Feature, written: unknown, index: number): RawValue | null {
  return (
    parseFeatureValue(feature, written) ?? readFeatureValue(feature, written ?? null, () => `values[${index}].value`)
  );
}

/** The error of a row that the writer refuses. */
export function faultError({ number, input }: NumberedRow, { part, code, message }: RowFault): UserError {
  const field = part && fieldOf(input, part, code);
  return rowError(number, new AppError(code, message, field === null ? {} : { field }));
}

/** The violations of a row that the writer did not refuse. */
export function toViolations({ number, input }: NumberedRow, { violations }: ViolatedRow): ExpectationViolation[] {
  return violations.map(({ feature, kind, action, message }) => {
    const index = input.values.findIndex((value) => value.feature === feature);
    const field = ['input', 'rows', String(number), 'values', String(index), 'value'];
    return { row: number, field, feature, kind, action, message };
  });
}

function fieldOf(input: WrittenRowInput, part: NonNullable<RowFault['part']>, code: ErrorCode): string {
  // Of the other faults of a value, the feature is what must be another one.
  if (part.kind === 'VALUE')
    return valueField(input, part.feature, code === 'EXPECTATION_VIOLATED' ? 'value' : 'feature');
  return part.kind === 'TIMESTAMP' ? 'timestamp' : 'entityId';
}

function valueField({ values }: WrittenRowInput, name: string, part: 'feature' | 'value' = 'feature'): string {
  return `values[${values.findIndex(({ feature }) => feature === name)}].${part}`;
}

function rowError(row: number, error: unknown): UserError {
  if (!(error instanceof AppError)) throw error;
  const { field } = error.details;
  const place = `rows[${row}]`;
  const details = { ...error.details, row, field: field === undefined ? place : `${place}.${field}` };
  return toUserError(new AppError(error.code, error.message, details));
}
