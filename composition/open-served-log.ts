import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedHash } from '../auth/audit/keyed-hash.js';
import { readAuditKey } from '../auth/audit/audit-files.js';
import type { ServedLogConfig } from '../config/served-log-config.js';
import { SERVED_LOG_LIMITS } from '../limits/served-log-limits.js';
import { createServedLogMetrics } from '../observability/served-log-metrics.js';
import type { FeatureWrites } from '../ingestion/writes/feature-writes.js';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Logger } from '../observability/logger.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { LineSegments } from '../runtime/line-segments.js';
import { makeFolder } from '../runtime/make-folder.js';
import { ServedLog } from '../serving/served-log/served-log.js';
import { systemClock, type Clock } from '../values/clock.js';
import { erasingServedReads } from './erasing-served-reads.js';

const MICROS_PER_HOUR = 3_600_000_000n;

export interface ServedLogReports {
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly opened: AsyncDisposableStack;
}

export interface ServedLogPlace {
  readonly dataDirectory: string;
  readonly servedLog: ServedLogConfig;
}

/** The log of served values with its metrics, and the writes that erase from it. It is closed with `opened`. */
export async function openServedLogOf(
  config: ServedLogPlace,
  writes: FeatureWrites,
  { logger, metrics, opened }: ServedLogReports,
): Promise<{ readonly servedLog: ServedLog | null; readonly writes: FeatureWrites }> {
  const servedLog = await openServedLog(config, logger, systemClock);
  if (!servedLog) return { servedLog, writes };
  opened.defer(() => servedLog.close());
  createServedLogMetrics(metrics, servedLog);
  return { servedLog, writes: erasingServedReads(writes, servedLog) };
}

/**
 * The log of served values; null if there is none. A log that was switched off is opened too while its files are there:
 * they are still erased by deletions and removed by age.
 */
export async function openServedLog(
  { dataDirectory, servedLog }: ServedLogPlace,
  logger: Logger,
  clock: Clock,
): Promise<ServedLog | null> {
  const folder = join(dataDirectory, 'served-log');
  const { sampleRate, maxBytes, maxRows, hasPersonal, retentionHours } = servedLog;
  if (sampleRate === 0 && !(await isThere(folder))) return null;
  await makeFolder(folder);
  const { segmentShare, maxSegmentBytes, segmentAgeShare, maxSweepMs } = SERVED_LOG_LIMITS;
  const retention = BigInt(retentionHours) * MICROS_PER_HOUR;
  const segmentAge = retention / BigInt(segmentAgeShare);
  const limits = {
    name: 'served',
    isSynced: false,
    // Reads take until the deadline of a request.
    lateness: 2n * BigInt(REQUEST_LIMITS.deadlineMs) * 1_000n,
    maxBytes,
    segmentBytes: Math.min(maxSegmentBytes, Math.floor(maxBytes / segmentShare)),
    retention,
    segmentAge,
  };
  const segments = await LineSegments.open(folder, limits, clock);
  const hash = new KeyedHash(await readAuditKey(join(folder, 'key'), true, 'log of served values'));
  const log = new ServedLog({
    segments,
    sampleRate,
    maxRows,
    hasPersonal,
    hashPrincipal: (name) => hash.prefixOf(name),
    clock,
    onError: (err) => logger.error({ err }, 'the log of served values failed; reads go on without it'),
  });
  await log.sweep();
  log.start(Math.min(maxSweepMs, Number(segmentAge / 1000n)));
  return log;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
