import type { AuditLog } from '../auth/audit/audit-log.js';
import { auditTrail, nameOf } from '../auth/audit/audit-trail.js';
import { writeAccess } from '../auth/audit/write-access.js';
import { checkRow } from '../auth/policy/permission.js';
import type { Policy } from '../auth/policy/policy.js';
import type { Principal } from '../auth/principal.js';
import type { EntityType } from '../datasources/registry/model.js';
import type { FeatureWriter, IncomingRow, WriteOutcome, WriteRequest } from '../ingestion/feature-writer.js';

export interface IngestAuditOptions {
  readonly writer: FeatureWriter;
  readonly policy: Policy;
  /** null: there is no audit log. */
  readonly auditLog: AuditLog | null;
}

/** Refused rows whose ids one line of the log has. */
const MAX_DENIED_ROWS = 1_000;

/** The writer of one stream of rows, under the policy. Each write is an operation of the audit log: rows arrive for hours. */
export class AuditedIngest implements FeatureWriter {
  #denied: IncomingRow[] = [];

  constructor(
    private readonly options: IngestAuditOptions,
    private readonly entityType: EntityType,
    private readonly requestId: string,
    private readonly principal: Principal,
  ) {}

  /** Refuses a row that the principal may not write, by the policy of this moment. */
  readonly check = (row: IncomingRow): void => {
    const access = this.options.policy.accessOf(this.principal);
    try {
      checkRow(access, this.entityType, row, ({ name }) => `values.${name}`);
    } catch (error) {
      this.#denied.push(row);
      if (this.#denied.length >= MAX_DENIED_ROWS) this.noteDenied();
      throw error;
    }
  };

  async write(unnamed: WriteRequest): Promise<WriteOutcome> {
    const { writer, auditLog } = this.options;
    const request = { ...unnamed, sender: this.principal.name };
    if (!auditLog) return writer.write(request);
    const trail = auditTrail(auditLog, this.requestId, this.principal);
    try {
      return await trail.run(writeAccess(request.entityType, request.rows), () => writer.write(request));
    } finally {
      trail.end({ operation: 'INGEST', operationName: null, cost: null, bytes: null });
    }
  }

  /** Records the rows that were refused since the last call. */
  noteDenied(): void {
    const denied = this.#denied;
    this.#denied = [];
    if (denied.length === 0) return;
    const trail = auditTrail(this.options.auditLog, this.requestId, this.principal);
    trail.add({
      ...writeAccess(this.entityType, denied),
      decision: 'DENIED',
      rows: 0,
      entityType: nameOf(this.entityType),
    });
    trail.end({ operation: 'INGEST', operationName: null, cost: null, bytes: null });
  }
}
