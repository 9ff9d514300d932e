import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHealth } from '../../../server/health.js';
import { startShopGateway } from '../../support/shop-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

it('leaves no trace in metrics and audit log, and the gateway is ready after it', async () => {
  const folder = temporaryFolder();
  const audit = join(folder, 'audit');
  const gateway = await startShopGateway(folder, {
    environment: { METRICS_PORT: '0', FEATUREGRAPH_AUDIT_FOLDER: audit },
  });
  try {
    expect((await fetch(new URL('/readyz', gateway.url))).status).toBe(200);
    const metrics = await (await fetch(gateway.metricsUrl!)).text();
    expect(metrics).not.toMatch(/graphql_operation_duration_seconds_count\{/);
    expect(metrics).not.toMatch(/feature_values_total\{/);
    expect(metrics).not.toMatch(/route="\/graphql"/);
  } finally {
    await gateway.stop();
  }
  const lines = readdirSync(audit)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(audit, name), 'utf8'));
  expect(lines.join('')).toBe('');
});

it('holds back the answer of /readyz until it ends', async () => {
  let end = (): void => undefined;
  const warmUp = new Promise<void>((resolve) => (end = resolve));
  const health = createHealth(async () => true, { warmUp: () => warmUp });
  const answered: string[] = [];
  const response = { writeHead: () => undefined, end: (body: string) => answered.push(body), req: { method: 'GET' } };
  const ready = health.ready(response as never);
  await new Promise((resolve) => setImmediate(resolve));
  expect(answered).toEqual([]);
  end();
  await ready;
  expect(answered).toEqual(['{"status":"ready"}\n']);
});
