import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { MOVING_REGISTRY, row, writeMovingRegistry, writeOrders } from '../support/moving-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const DEV = [join(import.meta.dirname, '../../dist/cli/main.js'), 'dev'];
const EARLY = new Date('2026-01-01T00:00:00Z');
const TOTAL = '{ shop { customer(entityId: "a") { total } } }';

async function start() {
  const folder = temporaryFolder();
  const path = writeMovingRegistry(folder);
  writeOrders(folder, [row('a', EARLY, 1)]);
  const data = join(folder, 'data');
  const environment = { FEATUREGRAPH_REGISTRY: path, FEATUREGRAPH_DATA_DIR: data };
  const gateway = await startGatewayProcess(environment, { command: DEV });
  onTestFinished(() => void gateway.child.kill('SIGKILL'));
  const total = async (): Promise<unknown> => (await ask(gateway.url, TOTAL)).shop.customer.total;
  return { gateway, folder, path, environment, total };
}

it('featuregraph dev serves a changed data file and a changed registry, without a restart', async () => {
  const { gateway, folder, path, total } = await start();
  expect(await total()).toBe('1');
  writeOrders(folder, [row('a', EARLY, 1), row('a', new Date('2026-02-01T00:00:00Z'), 2)]);
  await until(async () => (await total()) === '2');
  writeFileSync(path, MOVING_REGISTRY.replace('name: item', 'name: article'));
  await until(async () => {
    const { __type } = await ask(gateway.url, '{ __type(name: "ShopFeaturestore") { fields { name } } }');
    return __type.fields.some(({ name }: { name: string }) => name === 'article');
  });
  expect(await total()).toBe('2');
});

it('featuregraph dev serves on under a broken registry, says the line of each fault, and takes the mended one', async () => {
  const { gateway, path, total } = await start();
  const faulty = MOVING_REGISTRY.replace('total, valueType: INT64', 'total, valueType: INT65');
  writeFileSync(path, faulty);
  const line = faulty.split('\n').findIndex((text) => text.includes('INT65')) + 1;
  await until(() => JSON.stringify(gateway.log).includes(`line ${line}, column`));
  expect(await total()).toBe('1');
  const broken = MOVING_REGISTRY.replace('entityTypes:', 'entityTypes: [');
  writeFileSync(path, broken);
  await until(() => gateway.log.filter(({ level }) => level === 'error').length === 2);
  expect(JSON.stringify(gateway.log.at(-1))).toMatch(/line \d+, column \d+/);
  expect(await total()).toBe('1');
  writeFileSync(path, MOVING_REGISTRY.replace('name: item', 'name: article'));
  await until(async () => {
    const { __type } = await ask(gateway.url, '{ __type(name: "ShopFeaturestore") { fields { name } } }');
    return __type.fields.some(({ name }: { name: string }) => name === 'article');
  });
});

it('featuregraph dev ends on SIGINT, and leaves its data to the next start and nothing in the folder of the registry', async () => {
  const { gateway, folder, environment } = await start();
  const before = readdirSync(folder);
  const exited = once(gateway.child, 'exit');
  gateway.child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  await expect(ask(gateway.url, TOTAL)).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(before);
  const next = await startGatewayProcess(environment, { command: DEV });
  onTestFinished(() => void next.child.kill('SIGKILL'));
  expect(await ask(next.url, TOTAL)).toEqual({ shop: { customer: { total: '1' } } });
  expect(await next.stop()).toBe(0);
});
