import type { OperationTypeNode } from 'graphql';
import type { AuditTrail } from '../auth/audit/audit-trail.js';
import { AppError } from '../errors/app-error.js';

export interface RanOperation {
  readonly type: OperationTypeNode;
  readonly name: string | null;
  readonly cost: number;
}

/** Records what an operation accessed. `bytes` is the size of its answer; null for an event. */
export function endAudit(audit: AuditTrail, operation: RanOperation | undefined, bytes: number | null): void {
  if (!operation) return;
  const { type, name, cost } = operation;
  audit.end({ operation: type.toUpperCase(), operationName: name, cost, bytes });
}

/** The refusal of a request while the audit log takes nothing more, where the configuration says so. */
export function auditUnavailable(): AppError {
  return new AppError('AUDIT_UNAVAILABLE', 'The audit log of the gateway cannot be written. Try again later.', {
    retryAfterSeconds: 5,
  });
}
