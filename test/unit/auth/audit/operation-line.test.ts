import { expect, it } from 'vitest';
import type { AuditedAccess, AuditedOperation } from '../../../../auth/audit/audit-record.js';
import { accessText, operationHead } from '../../../../auth/audit/operation-line.js';

const TIME = '2026-11-29T12:00:00Z';

/** Every member: the compiler asks for one that is added, and a line that lacks it is not equal. */
const ACCESS: Required<AuditedAccess> = {
  action: 'READ',
  decision: 'ALLOWED',
  entityType: 'shop.customer',
  features: ['orders_7d', 'a "quoted" one'],
  entityIds: ['ann', 'bob'],
  asOf: [TIME],
  rows: 2,
  job: 'jobs/1',
};
const OPERATION: Required<AuditedOperation> = {
  requestId: 'r-1',
  principal: 'ada "l"',
  operation: 'QUERY',
  operationName: 'Basket',
  documentId: 'basket',
  fields: ['shop'],
  cost: 3,
  bytes: 86,
  codes: ['NOT_FOUND'],
  accesses: [ACCESS],
};

it('has every member of an operation, as JSON.stringify writes them', () => {
  const { accesses: _, ...head } = OPERATION;
  expect(`${operationHead(TIME, OPERATION)}}`).toBe(JSON.stringify({ kind: 'OPERATION', time: TIME, ...head }));
});

it('has every member of an access, with hashes in place of ids', () => {
  const written = accessText(ACCESS, (entityType, id) => `${entityType}:${id}`);
  const entityIds = ['shop.customer:ann', 'shop.customer:bob'];
  expect(written).toBe(JSON.stringify({ ...ACCESS, entityIds }));
});
