import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { askAlone } from '../../support/ask-alone.js';
import { startModelServer } from '../../support/model-server.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const ROWS = 4_000;
const HELD_FROM = 2_500;

const registry = (origin: string) => `featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources: [{ features: [{ name: a, valueType: DOUBLE }] }]
models:
  - name: numbered
    http: { url: '${origin}/numbered' }
    inputs: [{ name: a, valueType: DOUBLE, nullable: true }, { name: number, valueType: INT64 }]
    outputs: [{ name: y, valueType: DOUBLE }]
`;

const INPUT = {
  model: 'numbered',
  batchSize: 250,
  trainingSet: {
    featurestore: 'shop',
    entityType: 'customer',
    labels: { source: { file: { path: 'labels.csv' } } },
  },
  actual: { column: 'actual' },
  window: { days: 1 },
};

it('a backtest whose process ends goes on after the last checkpoint, and has the numbers of one that was not interrupted', async () => {
  const folder = temporaryFolder();
  const seen: number[] = [];
  let gate: Promise<unknown> = Promise.resolve();
  const server = await startModelServer({
    '/numbered': async ({ instances }) => {
      const numbers = instances.map(({ number }) => Number(number));
      if (numbers[0]! >= HELD_FROM) await gate;
      seen.push(...numbers);
      return { predictions: numbers.map((number) => ({ y: number % 7 })) };
    },
  });
  onTestFinished(() => server.close());
  mkdirSync(join(folder, 'data/files'), { recursive: true });
  writeFileSync(join(folder, 'registry.yaml'), registry(server.origin));
  const lines = Array.from({ length: ROWS }, (_, index) => {
    const time = new Date(Date.UTC(2001, 0, 1) + index * 60_000).toISOString();
    return `c${index % 5},${time},${index},${(index * 3) % 11}`;
  });
  writeFileSync(join(folder, 'data/files/labels.csv'), ['entity_id,timestamp,number,actual', ...lines, ''].join('\n'));

  let gateway = await startRegistryGateway(folder);
  onTestFinished(() => gateway.stop());
  const start = async (): Promise<string> => {
    const { data, errors } = await askAlone(
      gateway.url,
      'mutation ($input: StartBacktestInput!) { startBacktest(input: $input) { job { id } userErrors { message } } }',
      { input: INPUT },
    );
    expect(errors ?? data.startBacktest.userErrors).toEqual([]);
    return data.startBacktest.job.id;
  };
  const find = async (id: string) =>
    (
      await askAlone(
        gateway.url,
        `{ job(id: "${id}") { state progress { completed } ... on BacktestJob { series { rows scored meanAbsoluteError } } } }`,
      )
    ).data.job;
  const ended = async (id: string) => {
    await until(async () => (await find(id)).state === 'SUCCEEDED');
    return (await find(id)).series;
  };
  const expected = await ended(await start());
  seen.length = 0;

  const held = Promise.withResolvers<undefined>();
  gate = held.promise;
  const id = await start();
  await until(async () => Number((await find(id)).progress.completed) >= HELD_FROM - 250);
  const stopping = gateway.stop();
  held.resolve(undefined);
  await stopping;
  gate = Promise.resolve();
  const before = seen.splice(0);
  expect(readdirSync(join(folder, 'data/work'))).toContain(`${id.replace('jobs/', '')}.duckdb`);

  gateway = await startRegistryGateway(folder);
  expect(await ended(id)).toEqual(expected);
  expect(new Set([...before, ...seen]).size).toBe(ROWS);
  expect(seen.reduce((a, b) => Math.min(a, b))).toBeGreaterThanOrEqual(HELD_FROM - 250);
  expect(readdirSync(join(folder, 'data/work'))).toEqual([]);
});
