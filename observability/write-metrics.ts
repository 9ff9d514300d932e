import { Counter, Gauge, type Registry } from 'prom-client';

export interface WriteBacklog {
  /** Rows that the embedded offline store does not have yet. */
  readonly rows: number;
  /** How long it has lacked some, in seconds. */
  readonly ageSeconds: number;
}

export type WriteMetrics = ReturnType<typeof createWriteMetrics>;

/** Counts acknowledged rows that are dropped. Made before the stores are opened: they may drop rows then. */
export function createDroppedRowsMetric(registry: Registry): (rows: number) => void {
  const dropped = new Counter({
    name: 'featuregraph_dropped_rows_total',
    help: 'Written rows that were dropped because the registry no longer has their source: on their way to DuckDB, or when a future row was due.',
    registers: [registry],
  });
  return (rows) => dropped.inc(rows);
}

/** The metrics of writes. */
export function createWriteMetrics(
  registry: Registry,
  readBacklog: () => WriteBacklog,
  quarantine: { readonly bytes: number },
) {
  const registers = [registry];
  const rows = new Counter({
    name: 'featuregraph_written_rows_total',
    help: 'Rows that clients wrote, by entity type and outcome: written, duplicate, quarantined, or refused with a fault.',
    labelNames: ['featurestore', 'entity_type', 'outcome'] as const,
    registers,
  });
  const failures = new Counter({
    name: 'featuregraph_failed_writes_total',
    help: 'Writes that failed as a whole because a store did not take them, by entity type.',
    labelNames: ['featurestore', 'entity_type'] as const,
    registers,
  });
  const violations = new Counter({
    name: 'featuregraph_expectation_violations_total',
    help: 'Written values that were not as the registry expects, by feature and what its expectation does: REJECT, QUARANTINE or WARN.',
    labelNames: ['featurestore', 'entity_type', 'feature', 'action'] as const,
    registers,
  });
  new Gauge({
    name: 'featuregraph_quarantine_bytes',
    help: 'The size of the quarantine.',
    registers,
    collect() {
      this.set(quarantine.bytes);
    },
  });
  const deletedEntities = new Counter({
    name: 'featuregraph_deleted_entities_total',
    help: 'Entities that clients deleted, by entity type. Ids without values count too.',
    labelNames: ['featurestore', 'entity_type'] as const,
    registers,
  });
  const failedDeletions = new Counter({
    name: 'featuregraph_failed_deletions_total',
    help: 'Deletions that failed because a store did not delete the entities, by entity type.',
    labelNames: ['featurestore', 'entity_type'] as const,
    registers,
  });
  new Gauge({
    name: 'featuregraph_write_log_rows',
    help: 'Acknowledged rows that the embedded offline store does not have yet.',
    registers,
    collect() {
      this.set(readBacklog().rows);
    },
  });
  new Gauge({
    name: 'featuregraph_write_log_age_seconds',
    help: 'How long the embedded offline store has lacked acknowledged rows. A historical read brings them first.',
    registers,
    collect() {
      this.set(readBacklog().ageSeconds);
    },
  });
  return {
    rows: (
      featurestore: string,
      entityType: string,
      outcome: 'written' | 'duplicate' | 'refused' | 'quarantined',
      count: number,
    ): void => rows.inc({ featurestore, entity_type: entityType, outcome }, count),
    violation: (featurestore: string, entityType: string, feature: string, action: string): void =>
      violations.inc({ featurestore, entity_type: entityType, feature, action }),
    failure: (featurestore: string, entityType: string): void =>
      failures.inc({ featurestore, entity_type: entityType }),
    deletedEntities: (featurestore: string, entityType: string, count: number): void =>
      deletedEntities.inc({ featurestore, entity_type: entityType }, count),
    failedDeletion: (featurestore: string, entityType: string): void =>
      failedDeletions.inc({ featurestore, entity_type: entityType }),
  };
}
