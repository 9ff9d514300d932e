import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monitorCommand } from '../../../cli/commands/monitor.js';
import { Policy } from '../../../auth/policy/policy.js';
import { policyDocument } from '../../../auth/policy/policy-document.js';
import { AlertServer, type ReceivedAlert } from '../../support/alert-server.js';
import { ALERT_SECRET, monitoredShop, runOrdersMonitor, RUN_MONITOR } from '../../support/monitored-shop.js';
import { findSource, NOW, row, T } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../support/test-gateway.js';

let alerts: AlertServer;
let gateway: TestGateway;
let now: bigint;

async function open(options: TestGatewayOptions = {}, stores: object = {}): Promise<void> {
  gateway = await startTestGateway(monitoredShop(alerts.url, {}, stores), {
    clock: () => now,
    monitorSecret: ALERT_SECRET,
    ...options,
  });
}

beforeEach(async () => {
  now = NOW;
  alerts = await AlertServer.start();
});
afterEach(async () => {
  process.exitCode = undefined;
  await gateway.close();
  alerts.close();
});

const all = { orders_7d: 1n, city: 'Rome', mean_basket: 2, seen: NOW };
/** The cities of the baseline are of the window too, unless `city` is another one. */
async function writeRows(city: string | null): Promise<void> {
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    ...[-190, -180, -170].map((seconds) => row('ann', seconds, all)),
    ...[-60, -40, -20].map((seconds) => row('ann', seconds, { ...all, city })),
  ]);
}

const run = (input: object = {}) => runOrdersMonitor(gateway, input);

describe('the run of a monitor', () => {
  it('finds what drifted from the window before, by feature with number and threshold', async () => {
    await open();
    await writeRows('Bern');
    const job = await run();
    expect(job).toMatchObject({
      state: 'SUCCEEDED',
      monitor: { name: 'orders' },
      trigger: 'REQUEST',
      windowFrom: '2001-09-09T01:45:00Z',
      windowBefore: '2001-09-09T01:46:40Z',
      baselineFrom: '2001-09-09T01:43:20Z',
      baselineBefore: '2001-09-09T01:45:00Z',
      findings: [{ check: 'DRIFT', source: 'orders', feature: 'city', metric: 'L_INFINITY', value: 1, threshold: 0.3 }],
    });
    // A TIMESTAMP has no drift.
    expect(job.checks.map(({ check, feature }: any) => `${check} ${feature}`)).toEqual([
      'DRIFT orders_7d',
      'NULL_SHARE orders_7d',
      'DRIFT city',
      'NULL_SHARE city',
      'DRIFT mean_basket',
      'NULL_SHARE mean_basket',
      'NULL_SHARE seen',
      'FRESHNESS null',
    ]);
  });

  it('finds missing values and a silent source', async () => {
    await open();
    await writeRows(null);
    now = T(35);
    expect((await run()).findings).toEqual([
      { check: 'NULL_SHARE', source: 'orders', feature: 'city', metric: null, value: 1, threshold: 0.4 },
      { check: 'FRESHNESS', source: 'orders', feature: null, metric: null, value: 55, threshold: 50 },
    ]);
    now = T(500);
    expect((await run()).findings).toEqual([
      { check: 'FRESHNESS', source: 'orders', feature: null, metric: null, value: null, threshold: 50 },
    ]);
  });

  it('of a past moment checks the window up to it, and sends no alert', async () => {
    await open();
    await writeRows('Bern');
    const job = await run({ at: '2001-09-09T01:43:50Z' });
    expect(job).toMatchObject({ windowBefore: '2001-09-09T01:43:50Z', alertState: 'NONE', findings: [] });
    expect(alerts.received).toEqual([]);
    const { data } = await gateway.ask(RUN_MONITOR, {
      input: { featurestore: 'shop', monitor: 'orders', at: '2001-09-09T01:46:41Z' },
    });
    expect(data.runMonitor).toEqual({ job: null, userErrors: [{ code: 'BAD_USER_INPUT', field: ['input', 'at'] }] });
  });

  it('is in the history of the monitor, newest first', async () => {
    await open();
    await writeRows('Rome');
    await run();
    await run({ labels: { why: 'test' } });
    const { data } = await gateway.ask(
      '{ featurestore(name: "shop") { monitors { name windowSeconds hasWebhook runs(first: 1) { nodes { kind labels } } } } }',
    );
    expect(data.featurestore.monitors).toEqual([
      {
        name: 'orders',
        windowSeconds: 100,
        hasWebhook: true,
        runs: { nodes: [{ kind: 'MONITOR_RUN', labels: { why: 'test' } }] },
      },
    ]);
  });

  it('is refused with a higher estimate than maxCostUsd, and for an unknown name', async () => {
    await open(
      {},
      { offlineStore: { kind: 'BIGQUERY', project: 'test-project', dataset: 'features', location: 'us-central1' } },
    );
    await writeRows('Rome');
    const refused = async (input: object) =>
      (await gateway.ask(RUN_MONITOR, { input: { featurestore: 'shop', monitor: 'orders', ...input } })).data
        .runMonitor;
    expect((await refused({ maxCostUsd: 0 })).userErrors).toMatchObject([{ code: 'COST_OVER_LIMIT' }]);
    expect((await refused({ monitor: 'nothing' })).userErrors).toMatchObject([{ code: 'MONITOR_NOT_FOUND' }]);
    const { data, errors } = await gateway.ask(
      '{ estimateMonitorRun(input: { featurestore: "shop", monitor: "orders" }) { total { amount } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.estimateMonitorRun.total.amount).toBeGreaterThan(0);
  });

  it('needs MONITOR_RUN, and READ of each of its features', async () => {
    const rules = [
      { name: 'run', who: 'EVERYONE', allow: ['MONITOR_RUN'] },
      { name: 'read', who: 'EVERYONE', allow: ['READ'], features: ['city'] },
    ];
    await open({ policy: new Policy(policyDocument.parse({ rules })) });
    const { data } = await gateway.ask(RUN_MONITOR, { input: { featurestore: 'shop', monitor: 'orders' } });
    expect(data.runMonitor.userErrors).toEqual([{ code: 'PERMISSION_DENIED', field: ['input', 'monitor'] }]);
  });
});

describe('the alerts of a monitor', () => {
  it('are signed with the secret over the timestamp and the body', async () => {
    await open();
    await writeRows('Bern');
    expect(await run()).toMatchObject({ alertState: 'SENT' });
    const [{ headers, text }] = alerts.received as [ReceivedAlert];
    const signature = createHmac('sha256', ALERT_SECRET).update(`${String(headers['featuregraph-timestamp'])}.${text}`);
    expect(headers['featuregraph-signature']).toBe(`sha256=${signature.digest('hex')}`);
    expect(JSON.parse(text)).toMatchObject({
      featurestore: 'shop',
      monitor: 'orders',
      counts: { findings: 1, recovered: 0 },
      findings: [{ check: 'DRIFT', feature: 'city', value: 1, threshold: 0.3, isNew: true }],
      recovered: [],
    });
  });

  it('are not sent again for an unchanged finding, and are sent once when it has ended', async () => {
    await open();
    await writeRows('Bern');
    await run();
    expect(await run()).toMatchObject({ alertState: 'UNCHANGED', findings: [{ feature: 'city' }] });
    await run({ at: '2001-09-09T01:43:50Z' });
    expect(await run()).toMatchObject({ alertState: 'UNCHANGED' });
    expect(alerts.received).toHaveLength(1);
    // All values of the new window are as those of the window before.
    now = T(100);
    await gateway.write(findSource(gateway, 'shop', 'customer'), [row('ann', 90, { ...all, city: 'Bern' })]);
    expect(await run()).toMatchObject({ alertState: 'SENT', findings: [] });
    expect(await run()).toMatchObject({ alertState: 'UNCHANGED' });
    expect(alerts.received).toHaveLength(2);
    expect(JSON.parse(alerts.received[1]!.text)).toMatchObject({
      counts: { findings: 0, recovered: 1 },
      recovered: [{ check: 'DRIFT', source: 'orders', feature: 'city' }],
    });
  });

  it('are sent again to a server that fails, and by the next run if it goes on', async () => {
    await open();
    await writeRows('Bern');
    alerts.statuses = [503, 429];
    expect(await run()).toMatchObject({ alertState: 'SENT' });
    expect(alerts.received).toHaveLength(3);
    await gateway.write(findSource(gateway, 'shop', 'customer'), [
      ...[-31, -30, -29].map((seconds) => row('bob', seconds, { ...all, city: 'Bern', mean_basket: 9e9 })),
    ]);
    alerts.statuses = [500, 500, 500, 500, 500, 500];
    expect(await run()).toMatchObject({ state: 'SUCCEEDED', alertState: 'FAILED' });
    expect(alerts.received).toHaveLength(9);
    expect(await run()).toMatchObject({ alertState: 'SENT' });
  });

  it('are not repeated for a server that refuses them, and follow no redirect', async () => {
    await open();
    await writeRows('Bern');
    alerts.statuses = [400, 302];
    expect(await run()).toMatchObject({ alertState: 'FAILED' });
    expect(await run()).toMatchObject({ alertState: 'FAILED' });
    expect(alerts.received).toHaveLength(2);
  });

  it('are not sent without the secret', async () => {
    await open({ monitorSecret: 'short' });
    await writeRows('Bern');
    expect(await run()).toMatchObject({ state: 'SUCCEEDED', alertState: 'FAILED' });
    expect(alerts.received).toEqual([]);
  });
});

describe('featuregraph monitor run', () => {
  it('ends with 2 if there are findings, and with 0 if there are none', async () => {
    await open();
    await writeRows('Bern');
    const exitCode = async (...args: string[]) => {
      await monitorCommand().parseAsync(['run', 'shop', 'orders', '--url', gateway.url, ...args], { from: 'user' });
      return process.exitCode;
    };
    expect(await exitCode()).toBe(2);
    expect(await exitCode('--at', '2001-09-09T01:43:50Z')).toBe(0);
  });
});
