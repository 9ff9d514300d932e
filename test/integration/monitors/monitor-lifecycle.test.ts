import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Policy } from '../../../auth/policy/policy.js';
import { policyDocument } from '../../../auth/policy/policy-document.js';
import type { OfflineStore } from '../../../datasources/offline/offline-store.js';
import { AlertServer } from '../../support/alert-server.js';
import {
  ALERT_SECRET,
  endOfMonitorRun,
  monitoredShop,
  runOrdersMonitor,
  startOrdersMonitor,
} from '../../support/monitored-shop.js';
import { findSource, NOW, row } from '../../support/small-registry.js';
import { storeWith } from '../../support/store-with.js';
import { collectErrors, TRANSPORTS, webSocketClient } from '../../support/stream-clients.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../support/test-gateway.js';
import { until } from '../../support/until.js';

let alerts: AlertServer;
let gateway: TestGateway;
let now: bigint;

async function open(monitor: object = {}, options: TestGatewayOptions = {}): Promise<void> {
  const registry = monitoredShop(alerts.url, monitor);
  gateway = await startTestGateway(registry, { clock: () => now, monitorSecret: ALERT_SECRET, ...options });
  const values = { orders_7d: 1n, city: 'Rome', mean_basket: 2, seen: NOW };
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    ...[-390, -380, -190, -180].map((seconds) => row('ann', seconds, values)),
    ...[-60, -20].map((seconds) => row('ann', seconds, { ...values, city: 'Bern' })),
  ]);
}

beforeEach(async () => {
  now = NOW;
  alerts = await AlertServer.start();
});
afterEach(async () => {
  await gateway.close();
  alerts.close();
});

describe('what a monitor compares', () => {
  it('is the fixed range of the registry, if it has one', async () => {
    await open({ baseline: { from: '2001-09-09T01:40:00Z', before: '2001-09-09T01:40:20Z' } });
    expect(await runOrdersMonitor(gateway)).toMatchObject({
      baselineFrom: '2001-09-09T01:40:00Z',
      baselineBefore: '2001-09-09T01:40:20Z',
      findings: [{ check: 'DRIFT', feature: 'city', value: 1 }],
    });
  });

  it('is the features of the view that it names', async () => {
    await open({ entityType: undefined, featureView: 'profile' });
    const { checks } = await runOrdersMonitor(gateway);
    expect(new Set(checks.map(({ feature }: any) => feature))).toEqual(new Set(['city', 'mean_basket', null]));
  });
});

it('a monitor has an id by which `node` finds it, for a client that may see it', async () => {
  await open();
  const id = 'featurestores/shop/monitors/orders';
  const ask = async (of: TestGateway) =>
    (await of.ask('query ($id: ID!) { node(id: $id) { id ... on Monitor { name } } }', { id })).data.node;
  expect(await ask(gateway)).toEqual({ id, name: 'orders' });
  const { data } = await gateway.ask('{ featurestore(name: "shop") { monitors { id } } }');
  expect(data.featurestore.monitors).toEqual([{ id }]);
  await gateway.close();
  await open(
    {},
    {
      policy: new Policy(
        policyDocument.parse({ rules: [{ name: 'none', who: 'EVERYONE', allow: ['READ'], features: ['none'] }] }),
      ),
    },
  );
  expect(await ask(gateway)).toBeNull();
});

describe('a run of a monitor', () => {
  it('that is cancelled ends as CANCELLED, without an alert', async () => {
    let isAsked = false;
    await open(
      {},
      {
        wrap: (stores) => ({ ...stores, offline: (of) => waitingForAbort(stores.offline(of), () => (isAsked = true)) }),
      },
    );
    const id = await startOrdersMonitor(gateway);
    await until(() => isAsked);
    await gateway.ask('mutation ($id: ID!) { cancelJob(input: { id: $id }) { userErrors { code } } }', { id });
    expect(await endOfMonitorRun(gateway, id)).toMatchObject({ state: 'CANCELLED', alertState: null, checks: null });
    expect(alerts.received).toEqual([]);
  });

  it('alerts after the runs that began before it: four at once send one alert', async () => {
    await open();
    const ids = await Promise.all(Array.from({ length: 4 }, () => startOrdersMonitor(gateway)));
    const states = await Promise.all(ids.toSorted().map(async (id) => (await endOfMonitorRun(gateway, id)).alertState));
    expect(states).toEqual(['SENT', 'UNCHANGED', 'UNCHANGED', 'UNCHANGED']);
    expect(alerts.received).toHaveLength(1);
  });
});

const QUERY = `subscription { monitorRuns(featurestore: "shop", monitor: "orders") { id state alertState findings { feature } } }`;

describe.each(TRANSPORTS)('monitorRuns over %s', (_name, createClient) => {
  it('gives the last run that has ended, then each that ends, and no run of the past', async () => {
    await open();
    await runOrdersMonitor(gateway);
    const last = await runOrdersMonitor(gateway);
    await runOrdersMonitor(gateway, { at: '2001-09-09T01:43:50Z' });
    const client = createClient(gateway.url);
    const later: string[] = [];
    const runLater = async () => {
      await runOrdersMonitor(gateway, { at: '2001-09-09T01:43:50Z' });
      later.push((await runOrdersMonitor(gateway)).id);
    };
    const { results, error } = await client.follow({ query: QUERY }, (_result, end) => {
      if (later.length === 2) end();
      else void runLater();
    });
    expect(error).toBeUndefined();
    expect(results.map(({ data }) => data.monitorRuns.id)).toEqual([last.id, ...later]);
    expect(results[0].data.monitorRuns).toMatchObject({ state: 'SUCCEEDED', findings: [{ feature: 'city' }] });
    client.close();
  });
});

it('monitorRuns refuses a monitor that there is not', async () => {
  await open();
  const client = webSocketClient(gateway.url);
  const outcome = await client.follow({ query: QUERY.replace('orders', 'nothing') });
  expect(collectErrors(outcome)).toMatchObject([{ extensions: { code: 'MONITOR_NOT_FOUND', field: 'monitor' } }]);
  client.close();
});

/** A store whose statistics end when their reader gives up. */
function waitingForAbort(store: OfflineStore, onAsk: () => void): OfflineStore {
  return storeWith(store, {
    statistics: ({ signal }) =>
      new Promise((_resolve, reject) => {
        onAsk();
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
}
