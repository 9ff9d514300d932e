import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { createStreamMetrics } from '../../../observability/stream-metrics.js';
import { startShopGateway } from '../../support/shop-gateway.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Query {
  readonly where: string;
  readonly expression: string;
}

const dashboard = JSON.parse(read('deploy/grafana/featuregraph.json')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const { groups } = parse(read('deploy/prometheus/alerts.yaml')) as {
  groups: { rules: { alert: string; expr: string; annotations: { runbook: string } }[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const queries: Query[] = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expression: expr }))),
  ...rules.map(({ alert, expr }) => ({ where: alert, expression: expr })),
];

/** Metrics of an expression: what is no function, no label and no keyword. `up` is of Prometheus itself. */
function metricsOf(expression: string): string[] {
  const withoutLabels = expression.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\b(by|without) \([^)]*\)/g, '');
  const names = withoutLabels.matchAll(/\b([a-z_:][a-z0-9_:]*)\b(?!\s*\()/g);
  return [...names].map(([, name]) => name!).filter((name) => name.includes('_') && !name.startsWith('or '));
}

/** Labels that an expression selects or groups by, for each of its metrics. */
function labelsOf(expression: string): string[] {
  const selected = [...expression.matchAll(/(\w+)=~?"/g)].map(([, name]) => name!);
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(', '));
  return [...selected, ...grouped].filter((name) => name !== 'job');
}

describe('the dashboard and the alerts', () => {
  /** Label names by metric, as a gateway serves them. */
  let served: Set<string>;
  let labels: Set<string>;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'featuregraph-dashboards-'));
    const gateway = await startShopGateway(folder, { environment: { METRICS_PORT: '0' } });
    const query = '{ entity(featurestore: "shop", entityType: "customer", entityId: "c1") { features { value } } }';
    await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    // A gateway without streams of messages has no metrics of them.
    const streams = new Registry();
    createStreamMetrics(streams, async () => []);
    const text = `${await (await fetch(gateway.metricsUrl!)).text()}${await streams.metrics()}`;
    await gateway.stop();
    rmSync(folder, { recursive: true });
    served = new Set(
      [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name, type]) =>
        type === 'histogram' ? [name!, `${name}_bucket`, `${name}_count`, `${name}_sum`] : [name!],
      ),
    );
    const documented = [...read('docs/metrics.md').matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    labels = new Set(['le', ...documented]);
  });

  it.each(queries)('ask for metrics that the gateway has, by labels that are documented: $where', ({ expression }) => {
    const metrics = metricsOf(expression);
    if (!expression.startsWith('up{')) expect(metrics.length).toBeGreaterThan(0);
    for (const metric of metrics) expect(served).toContain(metric);
    for (const label of labelsOf(expression)) expect(labels).toContain(label);
  });

  it('find a metric that does not exist', () => {
    expect(metricsOf('sum by (code) (rate(no_such_metric_total{a="b"}[5m])) > 0')).toEqual(['no_such_metric_total']);
    expect(served).not.toContain('no_such_metric_total');
  });

  it.each(rules)('say what to do: $alert', ({ annotations: { runbook } }) => {
    const [path, anchor] = runbook.split('#');
    const anchors = [...read(path!).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(anchors).toContain(anchor);
  });

  it('every metric of the gateway itself is documented', () => {
    const documented = read('docs/metrics.md');
    const own = [...served].filter((name) =>
      /^(featuregraph_|graphql_|feature_values|jobs_|dataloader_|http_)/.test(name),
    );
    for (const name of own) {
      if (/_(bucket|count|sum)$/.test(name)) continue;
      expect(documented).toContain(`\`${name}\``);
    }
  });
});
