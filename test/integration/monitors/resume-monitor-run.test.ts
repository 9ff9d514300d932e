import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import { newJobId } from '../../../jobs/new-job-id.js';
import { LocalMonitors } from '../../../monitors/local-monitors.js';
import { MonitorRunHandler } from '../../../monitors/monitor-run-handler.js';
import { isMonitorRun } from '../../../monitors/monitors.js';
import { Webhook } from '../../../monitors/webhook.js';
import { SkewComparison } from '../../../statistics/served-skew/skew-comparison.js';
import { AlertServer } from '../../support/alert-server.js';
import { ALERT_SECRET, monitoredShop } from '../../support/monitored-shop.js';
import { NOW, row } from '../../support/small-registry.js';
import { storeWith } from '../../support/store-with.js';
import { until } from '../../support/until.js';

let folder: string;
let alerts: AlertServer;
let database: DuckDbDatabase;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'featuregraph-monitor-'));
  alerts = await AlertServer.start();
  database = await DuckDbDatabase.open(':memory:');
});
afterEach(async () => {
  database.close();
  alerts.close();
  await rm(folder, { recursive: true });
});

it('a run whose process ended while it alerted measures nothing again, and alerts', async () => {
  const registry = monitoredShop(alerts.url);
  const featurestore = registry.featurestore('shop');
  const [monitor] = featurestore.monitors;
  const { sources } = featurestore.entityTypes[0]!;
  const offline = await DuckDbOfflineStore.open(database, sources);
  const values = { orders_7d: 1n, city: 'Rome', mean_basket: 2, seen: NOW };
  await offline.append(sources[0]!, [row('ann', -190, values), row('ann', -20, { ...values, city: 'Bern' })]);

  let measured = 0;
  const counted = storeWith(offline, {
    statistics: (read) => {
      measured += 1;
      return offline.statistics(read);
    },
  });
  const openProcess = () => {
    const store = new LmdbJobStore(join(folder, 'jobs'));
    const handler = new MonitorRunHandler({
      registry,
      stores: { offline: () => counted },
      servedSkew: new SkewComparison({
        stores: { offline: () => counted },
        trainingSets: { rows: () => Promise.reject(new Error('a monitor compares no training set')) },
        servedLog: null,
      }),
      jobs: store,
      webhook: new Webhook({ secretOf: () => ALERT_SECRET, now: Date.now, firstPauseMs: 1 }),
      clock: () => NOW,
      onUndelivered: () => undefined,
    });
    const engine = new JobEngine({
      store,
      handlers: [handler],
      clock: () => NOW,
      newId: newJobId,
      maxRunning: 4,
      onError: () => undefined,
    });
    return { engine, monitors: new LocalMonitors(engine, handler) };
  };

  const first = openProcess();
  alerts.statuses = [null];
  const request = { monitor: monitor!, at: null, labels: {}, createdBy: null, idempotencyKey: null };
  const { id } = await first.monitors.start({ ...request, trigger: 'REQUEST' });
  await until(() => alerts.received.length === 1);
  await first.engine.stop();

  const second = openProcess();
  await second.engine.resume();
  await until(async () => (await second.engine.get(id))?.endedAt !== null);
  const job = await second.engine.get(id);
  expect(job && isMonitorRun(job) && job.result?.alert?.state).toBe('SENT');
  expect(alerts.received).toHaveLength(2);
  expect(measured).toBe(monitor!.features.length);
  await second.engine.stop();
});
