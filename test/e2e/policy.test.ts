import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { linearGraph } from '../support/onnx-graphs.js';
import {
  makePolicedFolder,
  policedClients,
  TRANSPORTS,
  type PolicedClients,
  type Who,
} from '../support/policed-gateway.js';
import { JOBS_POLICY, JOBS_REGISTRY } from '../support/policed-jobs.js';
import { until } from '../support/until.js';

const folder = mkdtempSync(join(tmpdir(), 'featuregraph-policy-'));
const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const UNKNOWN = 'jobs/01a22725-9b13-7135-9ad3-1f69a96e65c7';

let gateway: GatewayProcess;
let shop: PolicedClients;

beforeAll(async () => {
  const { keys, environment } = await makePolicedFolder(folder, JOBS_REGISTRY, JOBS_POLICY);
  put('risk.onnx', linearGraph());
  put('orders.csv', 'customer,ordered_at,number,email\nacme:1,2001-01-01 00:00:00,7,zoe@secret.example\n');
  put(
    'customer.sql',
    'SELECT customer AS entity_id, ordered_at AS event_timestamp, number AS orders, email FROM orders',
  );
  mkdirSync(join(folder, 'data/files/inputs'), { recursive: true });
  put('data/files/inputs/instances.csv', 'a,b\n1,2\n3,4\n');
  put('data/files/secret.csv', 'a,b\n1,2\n');
  gateway = await startGatewayProcess(environment);
  shop = policedClients(gateway.url, keys);
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

const start = async (who: Who, mutation: string, input: object): Promise<any> => {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const { data } = await shop.ask(
    who,
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { job { id } userErrors { code field message } } }`,
    { input },
  );
  return data[mutation];
};
const ended = (who: Who, id: string) =>
  until(async () => {
    const { data } = await shop.ask(who, `{ job(id: "${id}") { state error { code message } } }`);
    expect(data.job.state, JSON.stringify(data.job.error)).not.toBe('FAILED');
    return data.job.state === 'SUCCEEDED';
  });
const prediction = (more: object = {}) => ({
  displayName: 'Risk',
  model: 'risk',
  input: { files: { paths: ['inputs/instances.csv'] } },
  output: { format: 'JSONL' },
  ...more,
});
const labels = { source: { rows: [{ entity_id: 'acme:1', timestamp: '2002-01-01T00:00:00Z' }] } };

/** What each kind of job is started with, and what it gave its owner. */
const RUNS: readonly (readonly [string, string, object, string, (job: any) => void])[] = [
  [
    'a batch prediction',
    'startBatchPrediction',
    prediction({ output: { format: 'JSONL', location: 'outputs/risk' } }),
    '... on BatchPredictionJob { predictions { nodes { prediction } } output { location } }',
    ({ predictions, output }) => {
      expect(predictions.nodes.map(({ prediction: { y } }: any) => y)).toEqual([7, 17]);
      expect(output.location).toBe('outputs/risk');
    },
  ],
  [
    'a sync of a feature view',
    'syncFeatureView',
    { featurestore: 'shop', featureView: 'board' },
    '... on FeatureViewSyncJob { rowsSynced }',
    ({ rowsSynced }) => expect(rowsSynced).toBe('1'),
  ],
  [
    'a refresh of a source',
    'refreshSource',
    { featurestore: 'shop', entityType: 'customer' },
    '... on SourceRefreshJob { steps }',
    ({ steps }) => expect(steps).toEqual(expect.any(Number)),
  ],
  [
    'a training set',
    'startTrainingSet',
    { trainingSet: { featurestore: 'shop', entityType: 'customer', labels } },
    '... on TrainingSetJob { output { columns rows } leftOut { feature reason } }',
    ({ output, leftOut }) => {
      expect(output.columns).toEqual(['entity_id', 'timestamp', 'orders', 'city']);
      expect(leftOut).toEqual([{ feature: 'email', reason: 'PERSONAL' }]);
    },
  ],
];

/** What is not in the catalogue of a principal without rights is answered as a name that does not exist. */
const NOT_FOUND: Readonly<Record<string, string>> = {
  startBatchPrediction: 'MODEL_NOT_FOUND',
  syncFeatureView: 'FEATURE_VIEW_NOT_FOUND',
};

describe.each(RUNS)('%s under a policy', (_what, mutation, input, result, expectResult) => {
  let job: string;

  it('runs to its end for whom a rule allows it, and gives its result', async () => {
    if (mutation === 'refreshSource') {
      put(
        'orders.csv',
        `${readFileSync(join(folder, 'orders.csv'), 'utf8')}acme:2,2001-01-02 00:00:00,9,y@secret.example\n`,
      );
    }
    const started = await start('ann', mutation, input);
    expect(started.userErrors).toEqual([]);
    job = started.job.id;
    await ended('ann', job);
    expectResult((await shop.ask('ann', `{ job(id: "${job}") { ${result} } }`)).data.job);
  });

  it('is refused to whom no rule allows it, and nothing starts', async () => {
    const { job: none, userErrors } = await start('nobody', mutation, input);
    expect([none, userErrors.map(({ code }: any) => code)]).toEqual([
      null,
      [NOT_FOUND[mutation] ?? 'PERMISSION_DENIED'],
    ]);
    expect((await shop.ask('nobody', '{ jobs { nodes { id } } }')).data.jobs.nodes).toEqual([]);
  });

  it('does not exist for another: by job, node, nodes, the list, cancel, and as an input', async () => {
    const QUERIES = [
      `{ job(id: "ID") { id ${result} } }`,
      `{ node(id: "ID") { id ${result} } }`,
      '{ nodes(ids: ["ID"]) { id } }',
      '{ batchPredictionJob(id: "ID") { predictions { nodes { prediction } } } }',
      'mutation { cancelJob(input: { id: "ID" }) { job { id } userErrors { code message } } }',
      'mutation { retryFailedInstances(input: { id: "ID" }) { job { id } userErrors { code message } } }',
      `mutation { startBatchPrediction(input: { displayName: "x", model: "risk", input: { trainingSetJob: "ID" }, output: {} }) { job { id } userErrors { code message } } }`,
    ];
    for (const query of QUERIES) {
      const ask = async (id: string) => {
        const { data, errors } = await shop.ask('bob', query.replace('ID', id));
        const said = errors?.map(({ message, extensions: { code, field } }) => [message, code, field]);
        return JSON.stringify([data, said]).replaceAll(id, 'ID');
      };
      expect(await ask(job), query).toBe(await ask(UNKNOWN));
    }
    for (const list of ['jobs', 'batchPredictionJobs']) {
      expect((await shop.ask('bob', `{ ${list} { nodes { id } } }`)).data[list].nodes).toEqual([]);
    }
    const views = '{ featurestore(name: "shop") { featureViews { lastSync { id } syncs { nodes { id } } } } }';
    expect((await shop.ask('bob', views)).data.featurestore.featureViews).toEqual([
      { lastSync: null, syncs: { nodes: [] } },
    ]);
    const { data } = await shop.ask('admin', `{ job(id: "${job}") { createdBy } }`);
    expect(data.job.createdBy).toBe('key:ann');
  });

  it.each(TRANSPORTS)('cannot be followed by another over %s', async (transport) => {
    const follow = async (who: Who, id: string) => {
      const query = `subscription { jobProgress(id: "${id}") { state } }`;
      const { results, error } = await shop.follow(transport, who, query, () => undefined);
      return JSON.stringify([results, error], (key, value: unknown) => (key === 'requestId' ? '' : value)).replaceAll(
        id,
        'ID',
      );
    };
    expect(await follow('bob', job)).toBe(await follow('bob', UNKNOWN));
    expect(await follow('ann', job)).toContain('SUCCEEDED');
  });
});

describe('a batch prediction', () => {
  it.each<[string, object, string, string[]]>([
    ['of a model that no rule names', { model: 'margin' }, 'MODEL_NOT_FOUND', ['input', 'model']],
    [
      'of a file that no rule names',
      { input: { files: { paths: ['inputs/instances.csv', 'secret.csv'] } } },
      'PERMISSION_DENIED',
      ['input', 'input', 'files', 'paths', '1'],
    ],
    [
      'of a pattern that selects such a file',
      { input: { files: { paths: ['*.csv'] } } },
      'PERMISSION_DENIED',
      ['input', 'input', 'files', 'paths', '0'],
    ],
    [
      'of a path that leads out of a permitted folder',
      { input: { files: { paths: ['inputs/../secret.csv'] } } },
      'PERMISSION_DENIED',
      ['input', 'input', 'files', 'paths', '0'],
    ],
    ['of a table', { input: { table: 'customer' } }, 'PERMISSION_DENIED', ['input', 'input', 'table']],
    [
      'into a folder that no rule names',
      { output: { format: 'JSONL', location: 'inputs/mine' } },
      'PERMISSION_DENIED',
      ['input', 'output', 'location'],
    ],
  ])('%s is refused', async (_what, more, code, field) => {
    expect(await start('ann', 'startBatchPrediction', prediction(more))).toMatchObject({
      job: null,
      userErrors: [{ code, field }],
    });
  });
});

describe('a policy file that changes while the gateway serves', () => {
  const apply = async () =>
    (await shop.ask('admin', 'mutation { applyRegistry { isApplied plan { faults } } }')).data.applyRegistry;
  const city =
    '{ entity(featurestore: "shop", entityType: "customer", entityId: "acme:1") { features(names: ["city"]) { value status } } }';
  const statusOf = async (who: Who) => (await shop.ask(who, city)).data.entity.features[0].status;
  const followed =
    'subscription { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["acme:1"]) { features(names: ["city", "orders"]) { value status } } }';
  let day = 1;
  const write = (value: string) => {
    day += 1;
    return shop.ingest('admin', 'customer', [
      { entityId: 'acme:1', timestamp: `2001-03-${String(day).padStart(2, '0')}T00:00:00Z`, values: { city: value } },
    ]);
  };
  /** Analysts read one feature less. */
  const narrowed = JOBS_POLICY.replace(
    'who: { groups: [analyst] }, allow: [READ] }',
    'who: { groups: [analyst] }, allow: [READ], features: [orders, email] }',
  );

  it('takes effect over HTTP, an open WebSocket and an open event stream when it is applied', async () => {
    expect(narrowed).not.toBe(JOBS_POLICY);
    await write('Bern');
    expect(await statusOf('ann')).toBe('PRESENT');
    const open = TRANSPORTS.map((transport) => {
      const seen: any[] = [];
      let end = (): void => undefined;
      const over = shop.follow(transport, 'ann', followed, (result, stop) => {
        end = stop;
        seen.push(result.data?.featureValues ?? result);
      });
      return { seen, over, end: () => end() };
    });
    await until(() => open.every(({ seen }) => seen.length > 0));
    await write('Thun');
    await until(() => open.every(({ seen }) => JSON.stringify(seen).includes('Thun')));

    put('policy.yaml', narrowed);
    expect(await apply()).toEqual({ isApplied: true, plan: { faults: [] } });
    expect(await statusOf('ann')).toBe('DENIED');
    expect(await statusOf('admin')).toBe('PRESENT');
    for (const { seen } of open) seen.length = 0;
    await write('Vevey');
    // Written while it was hidden: it comes neither now nor after.
    put('policy.yaml', JOBS_POLICY);
    expect((await apply()).isApplied).toBe(true);
    await write('Chur');
    await until(() => open.every(({ seen }) => JSON.stringify(seen).includes('Chur')));
    for (const { seen } of open) expect(JSON.stringify(seen)).not.toContain('Vevey');
    for (const { end } of open) end();
    await Promise.all(open.map(({ over }) => over));
  });

  it('with a fault keeps the one before, and says which fault', async () => {
    put('policy.yaml', `${JOBS_POLICY}  - { name: typing error, who: EVERYONE, allow: [READ], features: [citty] }\n`);
    const refused = await apply();
    expect(refused.isApplied).toBe(false);
    expect(refused.plan.faults.join(' ')).toMatch(/citty/);
    expect(await statusOf('ann')).toBe('PRESENT');
    expect(await statusOf('nobody')).toBe('DENIED');

    put('policy.yaml', 'rules: [');
    expect((await apply()).isApplied).toBe(false);
    expect(await statusOf('nobody')).toBe('DENIED');

    rmSync(join(folder, 'policy.yaml'));
    const gone = await apply();
    expect(gone.isApplied).toBe(false);
    // The path of the operator's machine is not told.
    expect(gone.plan.faults.join(' ')).toMatch(/policy\.yaml cannot be read/);
    expect(gone.plan.faults.join(' ')).not.toContain(folder);
    expect([await statusOf('ann'), await statusOf('nobody')]).toEqual(['PRESENT', 'DENIED']);
    put('policy.yaml', JOBS_POLICY);
  });

  it('that takes away the permission to see jobs hides them at once', async () => {
    const { id } = (await start('ann', 'startTrainingSet', RUNS[3]![2])).job;
    await ended('ann', id);
    expect((await shop.ask('admin', `{ job(id: "${id}") { id } }`)).data.job).toEqual({ id });
    put('policy.yaml', JOBS_POLICY.replace('SEE_JOBS, CANCEL_JOBS', 'CANCEL_JOBS'));
    expect((await apply()).isApplied).toBe(true);
    expect((await shop.ask('admin', `{ job(id: "${id}") { id } }`)).data.job).toBeNull();
    put('policy.yaml', JOBS_POLICY);
    expect((await apply()).isApplied).toBe(true);
  });
});
