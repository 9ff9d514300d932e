import { Counter, type Registry } from 'prom-client';

/** The labels of a series: names of the registry, so their number is that of the registry's names. */
interface EntityTypeLabels {
  readonly name: string;
  readonly featurestore: { readonly name: string };
}

interface FeatureLabels {
  readonly name: string;
  readonly entityType: EntityTypeLabels;
}

/**
 * Counts the results of shadow stores for Prometheus. It has the shape of ShadowReport in datasources/online/shadow,
 * which this folder must not import. Labels are names of the registry, never entity ids.
 */
export function createShadowMetrics(registry: Registry) {
  const comparisons = new Counter({
    name: 'featuregraph_shadow_comparisons_total',
    help: 'Feature values compared with the shadow store, by outcome: equal, status, value or timestamp.',
    labelNames: ['featurestore', 'entity_type', 'feature', 'outcome'] as const,
    registers: [registry],
  });
  const reads = new Counter({
    name: 'featuregraph_shadow_reads_total',
    help: 'Reads sampled for comparison, by result: compared, dropped because the shadow was busy, or failed.',
    labelNames: ['featurestore', 'result'] as const,
    registers: [registry],
  });
  const writes = new Counter({
    name: 'featuregraph_shadow_writes_total',
    help: 'Acknowledged writes passed on to the shadow store, by result: written, dropped or failed.',
    labelNames: ['featurestore', 'result'] as const,
    registers: [registry],
  });
  const deletes = new Counter({
    name: 'featuregraph_shadow_deletes_total',
    help: 'Deletions passed on to the shadow store, by result: deleted, or dropped or failed: it still has what was erased.',
    labelNames: ['featurestore', 'entity_type', 'result'] as const,
    registers: [registry],
  });
  return {
    compared: ({ name, entityType }: FeatureLabels, outcome: string): void =>
      comparisons.inc({
        featurestore: entityType.featurestore.name,
        entity_type: entityType.name,
        feature: name,
        outcome,
      }),
    read: (featurestore: string, result: string): void => reads.inc({ featurestore, result }),
    write: (featurestore: string, result: string): void => writes.inc({ featurestore, result }),
    delete: ({ name, featurestore }: EntityTypeLabels, result: string): void =>
      deletes.inc({ featurestore: featurestore.name, entity_type: name, result }),
  };
}
