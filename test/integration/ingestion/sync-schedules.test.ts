import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../../config/load-config.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { startGateway, type Gateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { waitForJobEnd, startSync } from '../../support/syncs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const REGISTRY = `featurestores:
  - name: shop
    entityTypes:
      - { name: customer, sources: [{ features: [{ name: orders_7d, valueType: INT64 }] }] }
    featureViews:
      - { name: basket, entityType: customer, features: [orders_7d], schedule: '* * * * *' }
`;
const DAY = 86_400_000_000n;

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
});

const start = async (variables: Record<string, string> = {}): Promise<Gateway> => {
  const gateway = await startGateway({
    config: parseConfig({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      FEATUREGRAPH_GRAPHIQL: 'false',
      PORT: '0',
      ...variables,
    }),
    logger: createLogger('silent'),
    onPrepare: () => undefined,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= gateway.stop());
  onTestFinished(stop);
  return { ...gateway, stop };
};

const asked = ({ url }: Gateway) => ({
  ask: async (query: string, variables?: Record<string, unknown>): Promise<any> => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).json();
  },
});

const triggers = async (gateway: Gateway): Promise<string[]> => {
  const { data } = await asked(gateway).ask(
    '{ featurestore(name: "shop") { featureViews { syncs { nodes { ... on FeatureViewSyncJob { trigger } } } } } }',
  );
  return data.featurestore.featureViews[0].syncs.nodes.map(({ trigger }: any) => trigger);
};

/** A gateway that synced by hand a day ago and has not run since. */
const synced = async (): Promise<void> => {
  const gateway = await start({ FEATUREGRAPH_SCHEDULES: 'false' });
  const { job } = await startSync(asked(gateway));
  await waitForJobEnd(asked(gateway), job.id);
  await gateway.stop();
  const jobs = new LmdbJobStore(join(folder, 'data/jobs'));
  await jobs.update(job.id.replace('jobs/', ''), (record) => ({ ...record, createdAt: record.createdAt - DAY }));
  await jobs.close();
};

it('a gateway keeps the schedules of its registry, from the time on that it missed', async () => {
  await synced();
  const gateway = await start();
  await until(async () => (await triggers(gateway)).includes('SCHEDULE'));
  expect((await triggers(gateway)).at(-1)).toBe('REQUEST');
});

it('a gateway that is told to leaves schedules to others', async () => {
  await synced();
  const gateway = await start({ FEATUREGRAPH_SCHEDULES: 'false' });
  expect(await triggers(gateway)).toEqual(['REQUEST']);
});
