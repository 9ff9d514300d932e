import { expect } from 'vitest';
import type { Registry } from '../../datasources/registry/registry.js';
import type { TestGateway } from './test-gateway.js';
import { testRegistry } from './test-registry.js';

export const ALERT_SECRET = 'a secret that is not in the registry';

/** A shop whose monitor "orders" watches all features of its customers, over windows of 100 seconds. */
export function monitoredShop(webhook: string, monitor: object = {}, stores: object = {}): Registry {
  return testRegistry({
    ...stores,
    name: 'shop',
    entityTypes: [
      {
        name: 'customer',
        sources: [
          {
            name: 'orders',
            features: [
              { name: 'orders_7d', valueType: 'INT64' },
              { name: 'city', valueType: 'STRING' },
              { name: 'mean_basket', valueType: 'DOUBLE' },
              { name: 'seen', valueType: 'TIMESTAMP' },
            ],
          },
        ],
      },
    ],
    featureViews: [{ name: 'profile', entityType: 'customer', features: ['city', 'mean_basket'] }],
    monitors: [
      {
        name: 'orders',
        entityType: 'customer',
        windowSeconds: 100,
        checks: { drift: {}, maxNullShare: 0.4, maxSilentSeconds: 50 },
        webhook: { url: webhook },
        ...monitor,
      },
    ],
  });
}

export const RUN_MONITOR = `mutation ($input: RunMonitorInput!) {
  runMonitor(input: $input) { job { id } userErrors { code field } } }`;
const RESULT = `query ($id: ID!) { job(id: $id) { id state error { code } ... on MonitorRunJob {
  monitor { name } trigger windowFrom windowBefore baselineFrom baselineBefore alertState
  findings { check source feature metric value threshold } checks { check feature isFinding value } } } }`;

export async function startOrdersMonitor(gateway: TestGateway, input: object = {}): Promise<string> {
  const { data } = await gateway.ask(RUN_MONITOR, { input: { featurestore: 'shop', monitor: 'orders', ...input } });
  expect(data.runMonitor.userErrors).toEqual([]);
  return data.runMonitor.job.id;
}

/** The run when it has ended. */
export async function endOfMonitorRun(gateway: TestGateway, id: string): Promise<any> {
  for (;;) {
    const { job } = (await gateway.ask(RESULT, { id })).data;
    if (['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(job.state)) return job;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function runOrdersMonitor(gateway: TestGateway, input: object = {}): Promise<any> {
  return endOfMonitorRun(gateway, await startOrdersMonitor(gateway, input));
}
