import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monitorReport } from '../../../cli/monitor-report.js';
import { gatewayAt } from '../../../cli/gateway-client.js';
import { formatInstant } from '../../../values/instant.js';
import { AlertServer } from '../../support/alert-server.js';
import { monitoredShop, RUN_MONITOR, runOrdersMonitor } from '../../support/monitored-shop.js';
import { T } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { WRITE_VALUES } from '../../support/written-shop.js';

const READ = `{ entities(featurestore: "shop", entityType: "customer", entityIds: ["1", "2", "3", "4"]) {
  features(names: ["orders_7d", "city", "mean_basket"]) { value } } }`;

let alerts: AlertServer;
let gateway: StoreGateway;
let now: bigint;

async function open(checks: object, sampleRate = 1): Promise<void> {
  const registry = monitoredShop(alerts.url, { checks });
  const served = { servedLog: { sampleRate }, monitorSecret: 'a secret that is not in the registry' };
  gateway = await startStoreGateway(registry, {}, () => now, served);
}

beforeEach(async () => {
  now = T(-40);
  alerts = await AlertServer.start();
});
afterEach(async () => {
  await gateway.close();
  alerts.close();
});

async function write(entityId: string, time: bigint, values: Readonly<Record<string, unknown>>): Promise<void> {
  const row = {
    entityType: 'customer',
    entityId,
    timestamp: formatInstant(time),
    values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
  };
  const { data } = await gateway.ask(WRITE_VALUES, { input: { featurestore: 'shop', rows: [row] } });
  expect(data.writeFeatureValues).toMatchObject({ written: 1, userErrors: [] });
}

const writeAll = async (time: bigint, city: string) => {
  for (const id of ['1', '2', '3', '4']) await write(id, time, { orders_7d: '1', city, mean_basket: 0.5 });
};

/** At T(0), the gateway serves "Bern" of all four, and at T(10) an earlier move of one of them arrives. */
async function serveBeforeArrival(): Promise<void> {
  await writeAll(T(-50), 'Bern');
  now = T(0);
  await gateway.ask(READ);
  now = T(10);
  await write('2', T(-5), { city: 'Chur' });
  now = T(20);
}

const shares = (run: any) => run.checks.map(({ check, feature, value }: any) => [check, feature, value]);
const alertsOf = () => alerts.received.map(({ text }) => JSON.parse(text));

describe('the check of served values', () => {
  it('finds the feature that was served otherwise than training has it, and no other', async () => {
    await open({ servedSkew: { maxShare: 0.2 } });
    await serveBeforeArrival();
    const run = await runOrdersMonitor(gateway);
    expect(shares(run)).toEqual([
      ['SERVED_SKEW', 'orders_7d', 0],
      ['SERVED_SKEW', 'city', 0.25],
      ['SERVED_SKEW', 'mean_basket', 0],
      // No client asked for it.
      ['SERVED_SKEW', 'seen', null],
    ]);
    expect(run.findings).toEqual([
      { check: 'SERVED_SKEW', source: 'orders', feature: 'city', metric: null, value: 0.25, threshold: 0.2 },
    ]);
    // `featuregraph monitor run` ends with 2.
    const report = await monitorReport(gatewayAt({ url: gateway.url }), run.id);
    expect(report).toMatchObject({ hasFindings: true });
    expect(report.text).toContain('city: SERVED_SKEW 0.25, threshold 0.2');
  });

  it('alerts when skew begins and ends, and its windows are of the times of reads', async () => {
    await open({ servedSkew: {} });
    await serveBeforeArrival();
    await runOrdersMonitor(gateway);
    expect(alertsOf()).toMatchObject([
      { counts: { findings: 1, recovered: 0 }, findings: [{ check: 'SERVED_SKEW', feature: 'city', isNew: true }] },
    ]);
    // No read is in the window of 100 seconds: that does not end the finding.
    now = T(300);
    await runOrdersMonitor(gateway);
    expect(alertsOf()).toHaveLength(1);
    await gateway.ask(READ);
    now = T(310);
    expect((await runOrdersMonitor(gateway)).findings).toEqual([]);
    expect(alertsOf()[1]).toMatchObject({ recovered: [{ check: 'SERVED_SKEW', source: 'orders', feature: 'city' }] });
  });

  it('takes numbers within the tolerance for equal, and stands beside other checks', async () => {
    await open({ servedSkew: { doubleTolerance: 0.001 }, maxNullShare: 0.5 });
    await writeAll(T(-50), 'Bern');
    now = T(0);
    await gateway.ask(READ);
    now = T(10);
    await write('1', T(-5), { mean_basket: 0.5001 });
    now = T(20);
    const { checks, findings } = await runOrdersMonitor(gateway);
    expect(findings.filter(({ check }: any) => check === 'SERVED_SKEW')).toEqual([]);
    expect(new Set(checks.map(({ check }: any) => check))).toEqual(new Set(['NULL_SHARE', 'SERVED_SKEW']));
  });

  it('is refused where the gateway keeps no log, with what to do', async () => {
    await open({ servedSkew: {} }, 0);
    const query = RUN_MONITOR.replace('{ code field }', '{ code field message }');
    const { data } = await gateway.ask(query, { input: { featurestore: 'shop', monitor: 'orders' } });
    expect(data.runMonitor).toMatchObject({
      job: null,
      userErrors: [
        {
          code: 'BAD_USER_INPUT',
          field: ['input', 'monitor'],
          message: expect.stringContaining('FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE') as string,
        },
      ],
    });
  });
});
