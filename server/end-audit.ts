import { Kind, type DocumentNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import type { AuditTrail, EndedOperation } from '../auth/audit/audit-trail.js';
import type { AuditLog } from '../auth/audit/audit-log.js';
import { AppError } from '../errors/app-error.js';
import type { RequestScope } from '../observability/request-scope.js';

/** An operation that ran. */
export interface RanOperation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly cost: number;
  /** The id of the trusted document, if it is one. */
  readonly documentId: string | undefined;
  /** Of the errors in its answer. */
  readonly codes?: readonly string[];
}

/** Records an operation and what it accessed. `bytes` is the size of its answer; null for a subscription that begins. */
export function endAudit(audit: AuditTrail, operation: RanOperation | undefined, bytes: number | null): void {
  if (operation) audit.end(toEnded(operation, bytes));
}

/** Records what an event of a subscription accessed. */
export function endEventAudit(audit: AuditTrail, operation: RanOperation): void {
  audit.endEvent(toEnded(operation, null));
}

function toEnded(
  { document, definition, cost, codes, documentId }: RanOperation,
  bytes: number | null,
): EndedOperation {
  const { operation, name } = definition;
  const fields = rootFields(document, definition);
  const more = { ...(documentId === undefined ? {} : { documentId }), ...(codes ? { codes } : {}) };
  return { operation: operation.toUpperCase(), operationName: name?.value ?? null, fields, cost, bytes, ...more };
}

/** By the operation of a parsed document, which Apollo caches while it is in use. */
const KNOWN_FIELDS = new WeakMap<OperationDefinitionNode, readonly string[]>();

/** Different root fields of one operation that its line names. */
const MAX_FIELDS = 50;

/** The names of the root fields, also those in fragments, each once. */
function rootFields(document: DocumentNode, definition: OperationDefinitionNode): readonly string[] {
  const known = KNOWN_FIELDS.get(definition);
  if (known) return known;
  const names = new Set<string>();
  const seen = new Set<string>();
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) visit(selection.selectionSet);
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        const fragment = document.definitions.find(
          (each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === selection.name.value,
        );
        if (fragment?.kind === Kind.FRAGMENT_DEFINITION) visit(fragment.selectionSet);
      }
    }
  };
  visit(definition.selectionSet);
  const fields = [...names].slice(0, MAX_FIELDS);
  KNOWN_FIELDS.set(definition, fields);
  return fields;
}

/** What gets the operations that do not run. */
export type RefusalLog = Pick<AuditLog, 'recordRefusedOperation'>;

export interface AuditedRefusal {
  readonly principal: string;
  readonly requestId: string;
  readonly code: string;
  /** query, mutation or subscription. */
  readonly type?: string | undefined;
  readonly document: string | null;
}

/** Records an operation that did not run. */
export function auditRefusal(log: RefusalLog, { type, ...refusal }: AuditedRefusal): void {
  log.recordRefusedOperation({ ...refusal, operation: type?.toUpperCase() ?? null });
}

/** Records a request of a known principal that is refused before its operation is read. */
export function auditFailure(
  log: RefusalLog | null | undefined,
  { principal, requestId }: RequestScope,
  error: unknown,
  type: string | undefined,
): void {
  if (!log || principal === undefined || !(error instanceof AppError) || error.code === 'CLIENT_GONE') return;
  auditRefusal(log, { principal, requestId, code: error.code, type, document: null });
}

/** The refusal of a request while the audit log takes nothing more, where the configuration says so. */
export function auditUnavailable(): AppError {
  return new AppError('AUDIT_UNAVAILABLE', 'The audit log of the gateway cannot be written. Try again later.', {
    retryAfterSeconds: 5,
  });
}
