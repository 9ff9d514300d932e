import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPythonModules, howToGet, runPython } from '../../support/python.js';
import { POLICY, startPolicedGateway, type PolicedGateway, type Who } from '../../support/policed-gateway.js';
import { until } from '../../support/until.js';
import { WRITE_VALUES } from '../../support/written-shop.js';

const MODULES = ['pyarrow', 'pandas', 'polars'];
const hasModules = hasPythonModules(...MODULES);
if (!hasModules) console.warn(howToGet(MODULES));

const STREAM = 'application/vnd.apache.arrow.stream';
const ROWS = 5_000;
const HUGE = 9_007_199_254_740_993n;

let gateway: PolicedGateway;
let id: string;
beforeAll(async () => {
  gateway = await startPolicedGateway();
  const values = [
    { feature: 'orders', value: String(HUGE) },
    { feature: 'city', value: 'Zürich ✈' },
  ];
  const rows = [{ entityType: 'customer', entityId: 'c1', timestamp: '2024-01-01T00:00:00.000001Z', values }];
  await gateway.ask('admin', WRITE_VALUES, { input: { featurestore: 'shop', rows } });
  id = await make('ann');
});
afterAll(() => gateway.close());

async function make(who: Who, more: object = {}): Promise<string> {
  const labels = Array.from({ length: ROWS }, (_, row) => ({
    entity_id: row % 2 === 0 ? 'c1' : 'c2',
    timestamp: '2024-06-01T00:00:00.000001Z',
    label: row,
    weight: row / 4,
    isGood: row % 3 === 0 ? null : row % 2 === 0,
  }));
  const trainingSet = {
    featurestore: 'shop',
    entityType: 'customer',
    labels: { source: { rows: labels } },
    features: ['orders', 'city'],
    withTimestamps: true,
  };
  const start = `mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) { job { id } userErrors { message } } }`;
  const { data, errors } = await gateway.ask(who, start, { input: { trainingSet, ...more } });
  expect(errors).toBeUndefined();
  expect(data.startTrainingSet.userErrors).toEqual([]);
  const { id: made } = data.startTrainingSet.job;
  const state = `query ($id: ID!) { job(id: $id) { state } }`;
  await until(async () => (await gateway.ask(who, state, { id: made })).data.job.state === 'SUCCEEDED');
  return made;
}

function post(who: Who, body: unknown, accept = STREAM): Promise<Response> {
  return fetch(new URL('/arrow/trainingSet', gateway.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...gateway.headersOf(who) },
    body: JSON.stringify(body),
  });
}

async function codeOf(response: Response): Promise<unknown[]> {
  const { errors } = (await response.json()) as { errors: { message: string; extensions: Record<string, unknown> }[] };
  return [response.status, errors[0]!.extensions.code];
}

describe('an Arrow stream of a training set', () => {
  it('has the rows of the file in their order, in several batches, with exact values and types', async () => {
    const response = await post('ann', { id });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, STREAM]);
    const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    expect(table.schema.fields.map(({ name, type }) => [name, String(type)])).toEqual([
      ['entity_id', 'Utf8'],
      ['timestamp', 'Utf8'],
      ['label', 'Int64'],
      ['weight', 'Float64'],
      ['isGood', 'Bool'],
      ['orders', 'Int64'],
      ['orders__timestamp', 'Timestamp<MICROSECOND, UTC>'],
      ['city', 'Utf8'],
      ['city__timestamp', 'Timestamp<MICROSECOND, UTC>'],
    ]);
    expect(table.batches.length).toBeGreaterThan(1);
    const numbers = Array.from({ length: ROWS }, (_, row) => row);
    expect([...table.getChild('label')!]).toEqual(numbers.map(BigInt));
    expect([...table.getChild('weight')!]).toEqual(numbers.map((row) => row / 4));
    expect([...table.getChild('isGood')!]).toEqual(numbers.map((row) => (row % 3 === 0 ? null : row % 2 === 0)));
    expect([...table.getChild('orders')!]).toEqual(numbers.map((row) => (row % 2 === 0 ? HUGE : null)));
    expect([...table.getChild('city')!]).toEqual(numbers.map((row) => (row % 2 === 0 ? 'Zürich ✈' : null)));
    const times = table.getChild('orders__timestamp')!.data[0]!.values as BigInt64Array;
    expect(times[0]).toBe(1_704_067_200_000_001n);
  });

  it.skipIf(!hasModules)(
    'is the Parquet file, as pyarrow, pandas and polars read it by the examples of docs/notebooks.md',
    async () => {
      const page = readFileSync(new URL('../../../docs/notebooks.md', import.meta.url), 'utf8').split(
        '## Training sets',
      )[1]!;
      const [define, ...examples] = [...page.matchAll(/```python\n(.*?)```/gs)].map(([, code]) => code!);
      const program = `
import json, os, urllib.request, pandas, polars, pyarrow.ipc, pyarrow.parquet
url, id = os.environ["GATEWAY"], os.environ["ID"]
${define!.replace('headers = {', 'headers = {"authorization": os.environ["AUTHORIZATION"], ')}
sent, stored = read_training_set(url, id), pyarrow.parquet.read_table(os.environ["FILE"])
facts = [sent.schema.types == stored.schema.types, sent.equals(stored)]
${examples.map((example) => `${example}\nfacts.append(str(frame["orders"][0]))\nfacts.append(len(frame))`).join('\n')}
print(json.dumps(facts))`;
      const { authorization } = gateway.headersOf('ann');
      const FILE = join(gateway.folder, 'data/files/training-sets', `${id.slice('jobs/'.length)}.parquet`);
      const GATEWAY = gateway.url.replace('/graphql', '');
      const out = await runPython(program, { AUTHORIZATION: authorization, GATEWAY, ID: id, FILE });
      expect(JSON.parse(out)).toEqual([true, true, String(HUGE), ROWS, String(HUGE), ROWS]);
    },
  );

  it("does not exist for another principal, and neither does a job of another kind or another's", async () => {
    const ofBob = await codeOf(await post('bob', { id }));
    expect(ofBob).toEqual([404, 'JOB_NOT_FOUND']);
    expect(await codeOf(await post('bob', { id: 'jobs/01890000-0000-7000-8000-000000000000' }))).toEqual(ofBob);
    expect(await codeOf(await post('ann', { id: 'x' }))).toEqual(ofBob);
  });

  it('is refused to its owner once the policy denies a feature of it', async () => {
    gateway.writePolicy(POLICY.replace('sensitivity: [PUBLIC, INTERNAL]', 'features: [city]'));
    await gateway.gateway.reload();
    try {
      expect(await codeOf(await post('ann', { id }))).toEqual([403, 'PERMISSION_DENIED']);
      expect((await post('admin', { id })).status).toBe(200);
    } finally {
      gateway.writePolicy(POLICY);
      await gateway.gateway.reload();
    }
  });

  it('is refused as JSON where there is no Parquet file, or another one, and for another request', async () => {
    const csv = await make('admin', { output: { format: 'CSV' } });
    expect(await codeOf(await post('admin', { id: csv }))).toEqual([400, 'BAD_USER_INPUT']);
    const removed = await make('ann');
    const folder = join(gateway.folder, 'data/files/training-sets');
    const file = readdirSync(folder).find((name) => name.startsWith(removed.slice('jobs/'.length)))!;
    rmSync(join(folder, file));
    expect(await codeOf(await post('ann', { id: removed }))).toEqual([404, 'FILE_NOT_FOUND']);
    expect(await codeOf(await post('ann', {}))).toEqual([400, 'BAD_USER_INPUT']);
    expect(await codeOf(await post('ann', { id, rows: 5 }))).toEqual([400, 'BAD_REQUEST']);
    expect(await codeOf(await post('ann', { id }, 'application/json'))).toEqual([400, 'BAD_REQUEST']);
  });
});
