import { Counter, type Registry } from 'prom-client';

interface ViolatedSource {
  readonly name: string;
  readonly entityType: { readonly name: string; readonly featurestore: { readonly name: string } };
}

interface Violation {
  readonly feature: string | null;
  readonly action: string;
  readonly rows: bigint;
}

/** Counts what the rows of refreshes violate. */
export function createComputedViolationsMetric(
  registry: Registry,
): (source: ViolatedSource, violations: readonly Violation[]) => void {
  const counter = new Counter({
    name: 'featuregraph_computed_violations_total',
    help: 'Rows that a refresh computed and that were not as the registry expects, by source, feature (empty: onRepeatedTime) and what its expectation does.',
    labelNames: ['featurestore', 'entity_type', 'source', 'feature', 'action'] as const,
    registers: [registry],
  });
  return ({ name, entityType }, violations) => {
    for (const { feature, action, rows } of violations) {
      const labels = { featurestore: entityType.featurestore.name, entity_type: entityType.name, source: name };
      counter.inc({ ...labels, feature: feature ?? '', action }, Number(rows));
    }
  };
}
