import { quote } from '../../values/json-text.js';
import type { AuditedAccess, AuditedOperation } from './audit-record.js';

/** Operations and reads share their lists of names, which are written once. */
const written = new WeakMap<readonly string[], string>();

function namesText(names: readonly string[]): string {
  let text = written.get(names);
  if (text === undefined) written.set(names, (text = JSON.stringify(names)));
  return text;
}

/** The start of the lines of an operation: all but its accesses. The text is that of JSON.stringify. */
export function operationHead(time: string, operation: AuditedOperation): string {
  const { requestId, principal, operation: type, operationName, documentId, fields, cost, bytes, codes } = operation;
  return (
    `{"kind":"OPERATION","time":"${time}","requestId":${quote(requestId)},"principal":${quote(principal)},` +
    `"operation":"${type}","operationName":${operationName === null ? 'null' : quote(operationName)},` +
    (documentId === undefined ? '' : `"documentId":${quote(documentId)},`) +
    (fields ? `"fields":${namesText(fields)},` : '') +
    `"cost":${JSON.stringify(cost)},"bytes":${JSON.stringify(bytes)}` +
    (codes ? `,"codes":${JSON.stringify(codes)}` : '')
  );
}

/** An access, with keyed hashes in place of its ids. */
export function accessText(access: AuditedAccess, hashId: (entityType: string, entityId: string) => string): string {
  const { action, decision, entityType, features, entityIds, asOf, rows, job } = access;
  let ids = '';
  for (const id of entityIds ?? []) ids += `${ids === '' ? '"' : ',"'}${hashId(entityType ?? '', id)}"`;
  return (
    `{"action":"${action}","decision":"${decision}"` +
    (entityType === undefined ? '' : `,"entityType":${quote(entityType)}`) +
    (features ? `,"features":${namesText(features)}` : '') +
    (entityIds ? `,"entityIds":[${ids}]` : '') +
    (asOf ? `,"asOf":${JSON.stringify(asOf)}` : '') +
    (rows === undefined ? '' : `,"rows":${rows}`) +
    (job === undefined ? '' : `,"job":${quote(job)}`) +
    '}'
  );
}
