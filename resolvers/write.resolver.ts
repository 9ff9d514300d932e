import { nameOf, type AuditTrail } from '../auth/audit/audit-trail.js';
import { writeAccess } from '../auth/audit/write-access.js';
import { hash } from 'node:crypto';
import type { Principal } from '../auth/principal.js';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { badInput } from '../errors/app-error.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { WRITE_LIMITS } from '../limits/write-limits.js';
import { deletionComplexity, writeComplexity } from '../schema/complexity.js';
import type { UserError } from '../schema/user-error.js';
import type { ExpectationViolation } from '../schema/write/expectation-violation.js';
import { DeleteEntitiesInput, DeleteEntitiesPayload } from '../schema/write/delete-entities.js';
import {
  WriteFeatureValuesInput,
  WriteFeatureValuesPayload,
  type WrittenRowInput,
} from '../schema/write/write-feature-values.js';
import { namedEntityType, namedFeaturestore } from './catalogue.js';
import { listViolations } from './list-violations.js';
import { ownerOf } from './owner-of.js';
import type { RequestContext } from './context.js';
import { readDeletedIds } from './deleted-ids.js';
import { toUserError } from './user-errors.js';
import { faultError, readWrittenRows, toViolations } from './written-rows.js';

/** The result of a write with a key. A release without expectations may have stored it. */
type StoredResult = Pick<WriteFeatureValuesPayload, 'written' | 'duplicates' | 'userErrors'> &
  Partial<Pick<WriteFeatureValuesPayload, 'quarantined' | 'violations'>>;

const NOTHING_WRITTEN = { written: 0, duplicates: 0, quarantined: 0, violations: [] };

@Resolver()
export class WriteResolver {
  @Mutation(() => WriteFeatureValuesPayload, {
    description:
      'Writes feature values of sources without SQL. The rows are durable before the answer, and reads with and without ' +
      '`asOf` find them at once. An older event time never replaces a newer value; it is history. A value of the same ' +
      'event time is a correction: the last one written counts. A request that fails can be repeated.',
    complexity: writeComplexity('rows', 'values'),
  })
  async writeFeatureValues(
    @Ctx() context: RequestContext,
    @Arg('input', () => WriteFeatureValuesInput, { description: 'The rows to write.' }) input: WriteFeatureValuesInput,
  ): Promise<WriteFeatureValuesPayload> {
    try {
      const { idempotencyKey: key } = input;
      checkInput(input);
      if (key == null) return await write(context, input);
      const result = await context.writers.keyed.run<StoredResult>(
        keyOf(context.principal, key),
        [input.featurestore, input.rows],
        () => write(context, input),
      );
      return { ...NOTHING_WRITTEN, ...result };
    } catch (error) {
      return { ...NOTHING_WRITTEN, userErrors: [toUserError(error)] };
    }
  }

  @Mutation(() => DeleteEntitiesPayload, {
    description:
      'Deletes entities: their online values, the history of all sources, the values of the future, their reads in the log ' +
      'of served values and their rows in the quarantine. Reads with and ' +
      'without `asOf` then find nothing. An id without values is not an error. A request that fails can be repeated.',
    complexity: deletionComplexity('entityIds'),
  })
  async deleteEntities(
    @Ctx() { registry, writers, access, audit }: RequestContext,
    @Arg('input', () => DeleteEntitiesInput, { description: 'The entities to delete.' }) input: DeleteEntitiesInput,
  ): Promise<DeleteEntitiesPayload> {
    try {
      const entityType = namedEntityType({ registry, access }, input.featurestore, input.entityType);
      const { entityIds, userErrors } = readDeletedIds(access, entityType, input.entityIds);
      const refused = userErrors.filter(({ code }) => code === 'PERMISSION_DENIED');
      if (refused.length > 0) {
        const ids = refused.flatMap(({ row }) => input.entityIds[row!] ?? []);
        audit.add({ action: 'DELETE', decision: 'DENIED', entityType: nameOf(entityType), entityIds: ids });
      }
      if (userErrors.length > 0) return { deleted: 0, remaining: [], userErrors };
      const { remaining, servedRows, quarantinedRows } = await audit.run(
        { action: 'DELETE', entityType: nameOf(entityType), entityIds },
        () => writers.deletion.deleteEntities(entityType, entityIds),
      );
      return {
        deleted: entityIds.length,
        remaining,
        erasedServedReads: servedRows === undefined ? null : BigInt(servedRows),
        erasedQuarantinedRows: quarantinedRows === undefined ? null : BigInt(quarantinedRows),
        userErrors,
      };
    } catch (error) {
      return { deleted: 0, remaining: [], userErrors: [toUserError(error)] };
    }
  }
}

function noteDeniedRows(
  audit: AuditTrail,
  featurestore: string,
  rows: readonly WrittenRowInput[],
  userErrors: readonly UserError[],
): void {
  const denied = userErrors.flatMap(({ code, row }) => (code === 'PERMISSION_DENIED' ? [rows[row!]!] : []));
  for (const [entityType, ofType] of Map.groupBy(denied, (row) => row.entityType)) {
    audit.add({
      action: 'WRITE',
      decision: 'DENIED',
      entityType: `${featurestore}.${entityType}`,
      features: [...new Set(ofType.flatMap(({ values }) => values.map(({ feature }) => feature)))],
      entityIds: ofType.map(({ entityId }) => entityId),
      rows: 0,
    });
  }
}

function checkInput({ rows, idempotencyKey }: WriteFeatureValuesInput): void {
  const { maxRows } = WRITE_LIMITS;
  if (rows.length > maxRows) {
    throw badInput(
      `"rows" has ${formatLimit(rows.length)} rows. One request takes at most ${formatLimit(maxRows)}: send several requests.`,
      'rows',
    );
  }
  const { maxIdempotencyKeyBytes } = REQUEST_LIMITS;
  if (idempotencyKey == null) return;
  if (idempotencyKey === '' || Buffer.byteLength(idempotencyKey) > maxIdempotencyKeyBytes) {
    throw badInput(`An idempotency key has 1 to ${maxIdempotencyKeyBytes} bytes in UTF-8.`, 'idempotencyKey');
  }
}

async function write(
  { registry, writers, access, audit, principal }: RequestContext,
  { featurestore, rows }: WriteFeatureValuesInput,
): Promise<WriteFeatureValuesPayload> {
  const { byEntityType, userErrors } = readWrittenRows(
    access,
    namedFeaturestore({ registry, access }, featurestore),
    rows,
  );
  const errors: UserError[] = [...userErrors];
  noteDeniedRows(audit, featurestore, rows, userErrors);
  const violations: ExpectationViolation[] = [];
  const outcomes = await Promise.all(
    [...byEntityType].map(async ([entityType, ofType]) => {
      const written = ofType.map(({ row }) => row);
      const outcome = await audit.run(writeAccess(entityType, written), () =>
        writers.writer.write({ entityType, rows: written, sender: principal.name }),
      );
      for (const fault of outcome.faults) errors.push(faultError(ofType[fault.row]!, fault));
      for (const violated of [...outcome.quarantined, ...outcome.warned]) {
        violations.push(...toViolations(ofType[violated.row]!, violated));
      }
      return outcome;
    }),
  );
  return {
    written: outcomes.reduce((sum, { written }) => sum + written, 0),
    duplicates: outcomes.reduce((sum, { duplicates }) => sum + duplicates, 0),
    quarantined: outcomes.reduce((sum, { quarantined }) => sum + quarantined.length, 0),
    violations: listViolations(violations),
    userErrors: errors.sort((a, b) => a.row! - b.row!),
  };
}

/** Two principals may choose the same key. In the mode `open` it stays as it is: a repetition after an update finds it. */
function keyOf(principal: Principal, key: string): string {
  const owner = ownerOf(principal);
  return owner === null ? key : hash('sha256', JSON.stringify([owner, key]), 'base64url');
}
