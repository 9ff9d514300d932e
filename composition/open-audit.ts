import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry as MetricsRegistry } from 'prom-client';
import { AuditChain } from '../auth/audit/audit-chain.js';
import { AuditFiles, readAuditKey } from '../auth/audit/audit-files.js';
import { AuditLog } from '../auth/audit/audit-log.js';
import { lockFolder } from '../datasources/duckdb/lock-folder.js';
import { OperatorError } from '../errors/operator-error.js';
import type { Config } from '../config/config.js';
import { createAuditMetrics } from '../observability/audit-metrics.js';
import type { Logger } from '../observability/logger.js';
import { systemClock } from '../values/clock.js';

/** The key of a log whose configuration names none, beside its files. */
export function auditKeyPath(folder: string, keyFile: string | null): string {
  return keyFile ?? join(folder, 'key');
}

/** The audit log of the configuration; null if it has none. It is closed with `opened`. */
export async function openAudit(
  { auditFolder, auditKeyFile, auditMaxFileBytes, isAuditRequired }: Config,
  logger: Logger,
  metrics: MetricsRegistry,
  opened: AsyncDisposableStack,
): Promise<AuditLog | null> {
  if (auditFolder === null) return null;
  await mkdir(auditFolder, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(auditFolder).catch((cause: unknown) => {
    throw new OperatorError(`The folder of the audit log ${auditFolder} cannot be locked.`, [], { cause });
  });
  if (!unlock) {
    throw new OperatorError(`Another gateway writes to the folder of the audit log ${auditFolder}.`, [
      'Two gateways would break the chain. Stop the other one, or give this one its own FEATUREGRAPH_AUDIT_FOLDER.',
    ]);
  }
  opened.defer(unlock);
  const chain = new AuditChain(await readAuditKey(auditKeyPath(auditFolder, auditKeyFile), auditKeyFile === null));
  const files = await AuditFiles.open(auditFolder, auditMaxFileBytes, chain);
  const log = new AuditLog({
    files,
    chain,
    clock: systemClock,
    isRequired: isAuditRequired,
    onError: (err) => logger.error({ err }, 'the audit log cannot be written; this is repeated'),
  });
  opened.defer(() => log.close());
  createAuditMetrics(metrics, () => log.lost);
  return log;
}
