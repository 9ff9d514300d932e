import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startModelServer } from '../support/model-server.js';
import {
  POLICY,
  startPolicedGateway,
  TRANSPORTS,
  type PolicedGateway,
  type Who,
  writeCustomers,
} from '../support/policed-gateway.js';
import { until } from '../support/until.js';

const EXPECTED = 'expected@secret.example';
const MAIL = `{ name: email, valueType: STRING, sensitivity: PERSONAL, expectations: [{ in: ['${EXPECTED}'], onViolation: WARN }] }`;

const registry = (origin: string, mail = MAIL) => `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - name: orders
            features:
              - { name: orders, valueType: INT64, expectations: [{ max: 5, onViolation: WARN }] }
              - { name: city, valueType: STRING }
              - ${mail}
              - { name: margin, valueType: DOUBLE, sensitivity: CONFIDENTIAL }
    featureViews:
      - { name: board, entityType: customer, features: [orders] }
    monitors:
      - { name: watch, entityType: customer, features: [orders, margin], windowSeconds: 100, checks: { maxNullShare: 0.5 } }
  - name: plans
    entityTypes:
      - name: merger
        sources: [{ features: [{ name: target, valueType: STRING, sensitivity: CONFIDENTIAL }] }]
models:
  - name: score
    http: { url: '${origin}/predict' }
    inputs: [{ name: orders, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]
`;

/** Analysts and tenants see the jobs of others, and may still not read what these jobs have read. */
const RULES = `${POLICY}
  - { name: analysts see jobs, who: { groups: [analyst] }, allow: [SEE_JOBS] }
  - { name: tenants see jobs, who: { claims: { tenant: ['*'] } }, allow: [SEE_JOBS] }
  - { name: admins watch, who: { groups: [admin] }, allow: [MONITOR_RUN] }
  - { name: all predict, who: EVERYONE, allow: [BATCH_PREDICTION] }
`;

const PERSONAL = 'zoe@secret.example';
const SALARY = '654321';

let models: Awaited<ReturnType<typeof startModelServer>>;
let shop: PolicedGateway;
/** Of the admin: labels of a file with salaries, and one of inline labels of the tenant. */
let ofFile: string;
let ofTenant: string;

async function ended(id: string): Promise<string> {
  await until(async () => (await shop.ask('admin', `{ job(id: "${id}") { state } }`)).data.job.state === 'SUCCEEDED');
  return id;
}

async function makeTrainingSet(who: Who, features: readonly string[], source: object): Promise<string> {
  const { data } = await shop.ask(
    who,
    'mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) { job { id } userErrors { message } } }',
    {
      input: {
        trainingSet: {
          featurestore: 'shop',
          entityType: 'customer',
          withTimestamps: true,
          features,
          labels: { source },
        },
      },
    },
  );
  expect(data.startTrainingSet.userErrors).toEqual([]);
  return ended(data.startTrainingSet.job.id);
}

async function apply(rules: string, mail?: string): Promise<void> {
  shop.writePolicy(rules);
  writeFileSync(join(shop.folder, 'registry.yaml'), registry(models.origin, mail));
  const { data, text } = await shop.ask(
    'admin',
    'mutation { applyRegistry(input: { force: true }) { isApplied plan { faults } } }',
  );
  expect(data?.applyRegistry.isApplied, text).toBe(true);
}

beforeAll(async () => {
  models = await startModelServer({
    '/predict': ({ instances }) => ({ predictions: instances.map(() => ({ y: 1 })) }),
  });
  shop = await startPolicedGateway({}, registry(models.origin), RULES);
  await writeCustomers(shop, { orders: '7', city: 'Bern', email: PERSONAL, margin: 0.5 });
  mkdirSync(join(shop.folder, 'data/files/hr'), { recursive: true });
  const csv = `entity_id,timestamp,salary\nacme:1,2002-01-01T00:00:00Z,${SALARY}\nbeta:1,2002-01-01T00:00:00Z,${SALARY}\n`;
  writeFileSync(join(shop.folder, 'data/files/hr/labels.csv'), csv);
  ofFile = await makeTrainingSet('admin', ['orders', 'email'], { file: { path: 'hr/labels.csv' } });
  ofTenant = await makeTrainingSet('acme', ['orders', 'email'], {
    rows: [{ entity_id: 'acme:1', timestamp: '2002-01-01T00:00:00Z', note: 'own' }],
  });
});
afterAll(async () => {
  await shop.close();
  await models.close();
});

const statistics = (who: Who, job: string, column: string) =>
  shop.ask(
    who,
    `query ($columns: [String!]) { job(id: "${job}") { ... on TrainingSetJob { output {
      statistics(columns: $columns) { column statistics { count topValues { value } } } } } } }`,
    { columns: [column] },
  );
const refusals = async (who: Who, job: string, columns: readonly string[]): Promise<unknown[]> =>
  Promise.all(
    columns.map(async (column) => {
      const { data, errors } = await statistics(who, job, column);
      expect(errors?.[0]?.extensions ?? { field: 'columns' }).toMatchObject({ field: 'columns' });
      return data.job.output.statistics ? null : errors![0]!.extensions.code;
    }),
  );
const DENIED = 'PERMISSION_DENIED';

describe("the statistics of another's training set", () => {
  it('do not have labels of a file that the client may not read, nor features, their times or the ids', async () => {
    const columns = ['salary', 'entity_id', 'timestamp', 'email', 'email__timestamp', 'orders', 'orders__timestamp'];
    expect(await refusals('ann', ofFile, columns)).toEqual([DENIED, DENIED, DENIED, DENIED, DENIED, null, null]);
    expect(await refusals('acme', ofFile, columns)).toEqual(columns.map(() => DENIED));
    expect(await refusals('admin', ofFile, columns)).toEqual(columns.map(() => null));
  });

  it('are those that the policy of now permits for the entities of the labels, also to the client that made it', async () => {
    const columns = ['email', 'email__timestamp', 'note', 'entity_id'];
    expect(await refusals('acme', ofTenant, columns)).toEqual([null, null, null, null]);
    expect(await refusals('ann', ofTenant, columns)).toEqual([DENIED, DENIED, null, null]);
    await apply(`${RULES}  - { name: tenants end, who: EVERYONE, deny: [READ], entityIds: ['acme:*'] }\n`);
    try {
      expect(await refusals('acme', ofTenant, columns)).toEqual(columns.map(() => DENIED));
    } finally {
      await apply(RULES);
    }
  });

  it('do not have a feature that has another name now, or that the registry does not have any more', async () => {
    try {
      await apply(RULES, '{ name: mail, renamedFrom: email, valueType: STRING, sensitivity: PERSONAL }');
      expect(await refusals('ann', ofFile, ['email', 'orders'])).toEqual([DENIED, null]);
      expect(await refusals('admin', ofFile, ['email'])).toEqual([null]);
    } finally {
      await apply(RULES, '{ name: email, renamedFrom: mail, valueType: STRING, sensitivity: PERSONAL }');
    }
  });
});

describe("another's training set", () => {
  it('has violations only of features that the client may know', async () => {
    const query = `{ job(id: "${ofFile}") { ... on TrainingSetJob { validation { unexpectedValues { column description entityIds } } } } }`;
    const ofAnn = await shop.ask('ann', query);
    expect(ofAnn.data.job.validation.unexpectedValues).toEqual([
      { column: 'orders', description: 'at most 5', entityIds: ['acme:1', 'beta:1'] },
    ]);
    expect(ofAnn.text).not.toContain(EXPECTED);
    expect((await shop.ask('admin', query)).text).toContain(EXPECTED);
    const { data } = await shop.ask('acme', query);
    expect(data.job.validation.unexpectedValues[0]).toMatchObject({ column: 'orders', entityIds: ['acme:1', null] });
  });

  it('is not compared with what was served for those who may not read its labels', async () => {
    const query = `{ featurestore(name: "shop") { entityType(name: "customer") {
      servedSkew(trainingSet: "${ofFile}", features: ["orders"]) { compared } } } }`;
    const { errors } = await shop.ask('ann', query);
    expect(errors).toMatchObject([{ extensions: { code: DENIED, field: 'trainingSet' } }]);
    expect((await shop.ask('admin', query)).errors).toBeUndefined();
  });

  it('is no input of a prediction for those who may not read its features or labels', async () => {
    const predict = async (who: Who) =>
      (
        await shop.ask(
          who,
          `mutation { startBatchPrediction(input: { displayName: "x", model: "score", input: { trainingSetJob: "${ofFile}" },
            output: { format: PARQUET } }) { job { id } userErrors { code field } } }`,
        )
      ).data.startBatchPrediction;
    for (const who of ['ann', 'acme'] as const) {
      expect(await predict(who)).toEqual({
        job: null,
        userErrors: [{ code: DENIED, field: ['input', 'input', 'trainingSetJob'] }],
      });
    }
    const { job } = await predict('admin');
    await ended(job.id);
    const { text } = await shop.ask(
      'admin',
      `{ batchPredictionJob(id: "${job.id}") { predictions { nodes { instance } } } }`,
    );
    expect(text).toContain(PERSONAL);
  });
});

describe('an entity tag', () => {
  const ask = async (who: Who, featurestore: string, entityType: string) => {
    const to = new URL(shop.url);
    to.searchParams.set(
      'query',
      `{ entity(featurestore: "${featurestore}", entityType: "${entityType}", entityId: "acme:1", asOf: "2005-01-01T00:00:00Z") { features { name status } } }`,
    );
    const response = await fetch(to, {
      headers: { accept: 'application/graphql-response+json', ...shop.headersOf(who) },
    });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return response.headers.get('etag');
  };

  it('does not tell a client of writes to a source of which it may read nothing', async () => {
    const tags = async () => [await ask('nobody', 'plans', 'merger'), await ask('admin', 'plans', 'merger')];
    const [hidden, seen] = await tags();
    await shop.ask(
      'admin',
      `mutation { writeFeatureValues(input: { featurestore: "plans", rows: [{ entityType: "merger", entityId: "acme:1",
        timestamp: "2003-01-01T00:00:00Z", values: [{ feature: "target", value: "ACME" }] }] }) { written } }`,
    );
    const [hiddenAfter, seenAfter] = await tags();
    expect(hidden).toMatch(/^W\//);
    expect(hiddenAfter).toBe(hidden);
    expect(seenAfter).not.toBe(seen);
  });
});

describe('a subscription to the runs of a monitor', () => {
  const run = async () => {
    const { data } = await shop.ask(
      'admin',
      'mutation { runMonitor(input: { featurestore: "shop", monitor: "watch" }) { job { id } userErrors { message } } }',
    );
    expect(data.runMonitor.userErrors).toEqual([]);
    return ended(data.runMonitor.job.id);
  };
  const RUNS = 'subscription { monitorRuns(featurestore: "shop", monitor: "watch") { id checks { feature } } }';

  it.each(TRANSPORTS)(
    'has only checks of features that the client may read at the moment of each run, over %s',
    async (transport) => {
      const known = [await run()];
      let isChanged = false;
      const { results } = await shop.follow(transport, 'ann', RUNS, ({ data }, end) => {
        // A subscription may begin with a run of the second before it.
        if (known.includes(data.monitorRuns.id) || !isChanged) known.push(data.monitorRuns.id);
        else end();
        if (isChanged) return;
        isChanged = true;
        const rule = '  - { name: orders end, who: { groups: [analyst] }, deny: [READ], features: [orders] }\n';
        void apply(`${RULES}${rule}`).then(run);
      });
      await apply(RULES);
      expect(results[0].data.monitorRuns.checks).toEqual([{ feature: 'orders' }]);
      expect(results.at(-1).data.monitorRuns.checks).toEqual([]);
    },
  );
});
