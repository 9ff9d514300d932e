import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyDocument } from '../../auth/policy/policy-document.js';
import { Policy } from '../../auth/policy/policy.js';
import { ANONYMOUS } from '../../auth/principal.js';
import type { SourceRefreshJobRecord } from '../../ingestion/source-refreshes.js';
import type { RequestContext } from '../../resolvers/context.js';
import { SourceRefreshResolver } from '../../resolvers/source-refresh.resolver.js';
import {
  POLICY,
  startPolicedGateway,
  TRANSPORTS,
  type PolicedGateway,
  type Who,
  writeCustomers,
} from '../support/policed-gateway.js';
import { smallRegistry } from '../support/small-registry.js';
import { until } from '../support/until.js';

const SECRET = 'zoe@secret.example';

let shop: PolicedGateway;
/** Of bob. */
let job: string;
const UNKNOWN = 'jobs/01a22725-9b13-7135-9ad3-1f69a96e65c7';

const START = `mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) {
  job { id leftOut { feature reason } output { columns } } userErrors { code field message } } }`;
const labels = (source: object, ids = ['acme:1', 'beta:1']) => ({
  source:
    'rows' in source ? { rows: ids.map((entity_id) => ({ entity_id, timestamp: '2002-01-01T00:00:00Z' })) } : source,
});
const trainingSet = (more: object = {}, source: object = { rows: true }, ids?: string[]) => ({
  featurestore: 'shop',
  entityType: 'customer',
  labels: labels(source, ids),
  ...more,
});
const start = async (who: Who, set: object, more: object = {}) =>
  (await shop.ask(who, START, { input: { trainingSet: set, ...more } })).data.startTrainingSet;

beforeAll(async () => {
  shop = await startPolicedGateway();
  await writeCustomers(shop, { orders: '7', city: 'Bern', email: SECRET, margin: 0.123456 });
  const started = await start('bob', trainingSet(), { labels: { team: 'sales' }, idempotencyKey: 'k1' });
  job = started.job.id;
  await until(async () => (await shop.ask('bob', `{ job(id: "${job}") { state } }`)).data.job.state === 'SUCCEEDED');
});
afterAll(() => shop.close());

describe("another's job", () => {
  const QUERIES: readonly [string, string][] = [
    ['job', '{ job(id: "ID") { id state } }'],
    ['node', '{ node(id: "ID") { id } }'],
    ['batchPredictionJob', '{ batchPredictionJob(id: "ID") { id } }'],
    ['cancelJob', 'mutation { cancelJob(input: { id: "ID" }) { job { id } userErrors { code message field } } }'],
    [
      'retryFailedInstances',
      'mutation { retryFailedInstances(input: { id: "ID" }) { job { id } userErrors { code message field } } }',
    ],
  ];

  it.each(QUERIES)('does not exist for %s: the answer is that for an unknown id', async (_what, query) => {
    const ask = async (who: Who, id: string) => {
      const { data, errors } = await shop.ask(who, query.replace('ID', id));
      return JSON.stringify([
        data,
        errors?.map(({ message, extensions: { code, field } }) => [message, code, field]),
      ]).replaceAll(id, 'ID');
    };
    expect(await ask('ann', job)).toBe(await ask('ann', UNKNOWN));
    expect(await ask('bob', job)).not.toBe(await ask('bob', UNKNOWN));
  });

  it('is in no list, whatever the filter', async () => {
    const list = async (who: Who, filter = '') =>
      (await shop.ask(who, `{ jobs(first: 1${filter}) { nodes { id } pageInfo { hasNextPage } } }`)).data.jobs;
    for (const filter of ['', ', filter: { labels: { team: "sales" } }', ', filter: { kinds: [TRAINING_SET] }']) {
      expect(await list('ann', filter)).toEqual({ nodes: [], pageInfo: { hasNextPage: false } });
      expect((await list('bob', filter)).nodes).toEqual([{ id: job }]);
      expect((await list('admin', filter)).nodes).toEqual([{ id: job }]);
    }
  });

  it("is skipped by pages, which are full of one's own", async () => {
    const own = [];
    for (let count = 0; count < 3; count += 1) {
      own.unshift((await start('ann', trainingSet())).job.id as string);
      await start('bob', trainingSet());
    }
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const query =
        'query ($after: String) { jobs(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }';
      const { nodes, pageInfo }: any = (await shop.ask('ann', query, { after })).data.jobs;
      seen.push(...nodes.map(({ id }: { id: string }) => id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(own);
  });

  it('is not found by the idempotency key of its owner', async () => {
    const again = await start('ann', trainingSet(), { labels: { team: 'sales' }, idempotencyKey: 'k1' });
    expect(again.job.id).not.toBe(job);
    expect((await start('bob', trainingSet(), { labels: { team: 'sales' }, idempotencyKey: 'k1' })).job.id).toBe(job);
  });

  it.each(TRANSPORTS)('cannot be followed over %s', async (transport) => {
    const follow = async (who: Who, id: string) => {
      const { results, error } = await shop.follow(
        transport,
        who,
        `subscription { jobProgress(id: "${id}") { id state } }`,
        () => undefined,
      );
      const errors = [...results.flatMap((result) => result.errors ?? []), ...(Array.isArray(error) ? error : [])];
      return {
        data: results.map(({ data }) => data),
        errors: errors.map(({ message }: any) => message.replaceAll(id, 'ID')),
      };
    };
    const ann = await follow('ann', job);
    expect(ann).toEqual(await follow('ann', UNKNOWN));
    expect(ann.errors).toHaveLength(1);
    expect((await follow('bob', job)).data).toEqual([{ jobProgress: { id: job, state: 'SUCCEEDED' } }]);
  });

  it('belongs to each principal that a rule allows to see it', async () => {
    const { data } = await shop.ask('admin', `{ job(id: "${job}") { id createdBy } }`);
    expect(data.job).toEqual({ id: job, createdBy: 'key:bob' });
  });
});

describe('a training set', () => {
  it('leaves out what the principal may not read, and says so', async () => {
    const { job: started } = await start('ann', trainingSet());
    expect(started.leftOut).toEqual([
      { feature: 'email', reason: 'DENIED' },
      { feature: 'margin', reason: 'DENIED' },
    ]);
    const output = async () =>
      (await shop.ask('ann', `{ job(id: "${started.id}") { ... on TrainingSetJob { output { columns } } } }`)).data.job
        .output;
    await until(async () => (await output()) !== null);
    expect((await output()).columns).toEqual(['entity_id', 'timestamp', 'orders', 'city']);
  });

  it('leaves out personal features, unless they are named', async () => {
    const all = await start('admin', trainingSet());
    expect(all.job.leftOut).toEqual([{ feature: 'email', reason: 'PERSONAL' }]);
    const view = await start('admin', trainingSet({ featureViews: ['board'] }));
    expect(view.job.leftOut).toEqual([{ feature: 'email', reason: 'PERSONAL' }]);
    const named = await start('admin', trainingSet({ features: ['email', 'city'] }));
    expect(named.job.leftOut).toEqual([]);
  });

  it('that names a feature which the principal may not read is refused', async () => {
    const refused = await start('ann', trainingSet({ features: ['city', 'email'] }));
    expect(refused).toMatchObject({
      job: null,
      userErrors: [{ code: 'PERMISSION_DENIED', field: ['input', 'trainingSet', 'features', '1'] }],
    });
  });

  it('is refused to a principal that may make none', async () => {
    const { userErrors } = await start('nobody', trainingSet({ features: ['city'] }));
    expect(userErrors).toMatchObject([{ code: 'PERMISSION_DENIED' }]);
  });

  it('has only rows of the tenant', async () => {
    const own = await start('acme', trainingSet({ features: ['email'] }, { rows: true }, ['acme:1', 'acme:2']));
    expect(own.userErrors).toEqual([]);
    const other = await start('acme', trainingSet({ features: ['email'] }, { rows: true }, ['acme:1', 'beta:1']));
    expect(other.userErrors).toMatchObject([
      { code: 'PERMISSION_DENIED', field: ['input', 'trainingSet', 'features', '0'] },
    ]);
    const preview = await shop.ask(
      'acme',
      'query ($input: TrainingSetInput!) { trainingSetPreview(input: $input) { rows } }',
      { input: trainingSet({}, { rows: true }, ['beta:1']) },
    );
    expect(preview.errors![0]!.extensions.code).toBe('PERMISSION_DENIED');
  });

  it('generates labels only of what the principal may read', async () => {
    const range = { from: '2001-01-01T00:00:00Z', until: '2001-01-03T00:00:00Z' };
    const regular = { ...range, every: { days: 1 } };
    const generated = (times: object, entityIds?: string[]) =>
      trainingSet({ features: ['orders'] }, { generated: { times, entityIds } });
    expect((await start('ann', generated({ regular }))).userErrors).toEqual([]);
    expect((await start('acme', generated({ regular }, ['acme:1']))).userErrors).toEqual([]);
    // A tenant would learn of the entities of others, and ann of the times of what is personal.
    for (const [who, set] of [
      ['acme', generated({ regular })],
      ['acme', generated({ regular }, ['acme:1', 'beta:1'])],
      ['acme', generated({ events: { ...range, feature: 'orders' } })],
      ['ann', generated({ events: { ...range, feature: 'email' } })],
      ['nobody', generated({ regular })],
    ] as const) {
      const { userErrors, job } = (await start(who, set)) ?? { userErrors: [{}], job: null };
      expect([job, userErrors.length > 0], `${who} ${JSON.stringify(set)}`).toEqual([null, true]);
    }
  });

  it('reads labels only from files that the policy names, and writes only where it may', async () => {
    await mkdir(join(shop.folder, 'data/files/labels'), { recursive: true });
    for (const file of ['labels/june.csv', 'secret.csv']) {
      writeFileSync(join(shop.folder, 'data/files', file), 'entity_id,timestamp\nacme:1,2002-01-01T00:00:00Z\n');
    }
    const from = (path: string) => trainingSet({}, { file: { path } });
    expect((await start('ann', from('labels/june.csv'))).userErrors).toEqual([]);
    for (const path of ['secret.csv', 'labels/../secret.csv', '*.csv', 'none.csv']) {
      expect((await start('ann', from(path))).userErrors).toMatchObject([
        { code: 'PERMISSION_DENIED', field: ['input', 'trainingSet', 'labels', 'source', 'file', 'path'] },
      ]);
    }
    const placed = await start('ann', trainingSet(), { output: { format: 'CSV', location: 'labels/out.csv' } });
    expect(placed.userErrors).toMatchObject([{ code: 'PERMISSION_DENIED', field: ['input', 'output', 'location'] }]);
    const table = await start('ann', trainingSet({}, { table: 'customer__orders' }));
    expect(table.userErrors).toMatchObject([{ code: 'PERMISSION_DENIED' }]);
  });

  it('reads a table with feature values only for those who may read all features of its source', async () => {
    const rules = `${POLICY}  - { name: analysts read tables, who: { groups: [analyst] }, allow: [READ_TABLE] }\n`;
    shop.writePolicy(rules);
    expect((await shop.ask('admin', 'mutation { applyRegistry { isApplied } }')).data.applyRegistry.isApplied).toBe(
      true,
    );
    const from = (table: string) => trainingSet({}, { table });
    for (const table of ['shop.customer.orders', 'SHOP.Customer.Orders', 'customer.orders', 'other.customer__orders']) {
      expect((await start('ann', from(table))).userErrors, table).toMatchObject([
        { code: 'PERMISSION_DENIED', field: ['input', 'trainingSet', 'labels', 'source', 'table'] },
      ]);
    }
    // The admin may read all; the table has no column for the labels' time.
    expect((await start('admin', from('shop.customer.orders'))).userErrors).not.toMatchObject([
      { code: 'PERMISSION_DENIED' },
    ]);
    // A table that is not there: the answer names no table that a job of another made.
    const placed = await start('admin', trainingSet(), { output: { format: 'TABLE', location: 'hidden_by_job' } });
    expect(placed.userErrors).toEqual([]);
    await until(
      async () => (await shop.ask('admin', `{ job(id: "${placed.job.id}") { state } }`)).data.job.state === 'SUCCEEDED',
    );
    const missing = await start('ann', from('nothing'));
    expect(missing.userErrors).toMatchObject([{ code: 'TABLE_NOT_FOUND' }]);
    expect(JSON.stringify(missing.userErrors)).not.toContain('hidden_by_job');
    shop.writePolicy(POLICY);
    await shop.ask('admin', 'mutation { applyRegistry { isApplied } }');
  });

  it('is previewed, validated and estimated under the same policy', async () => {
    const preview = await shop.ask(
      'ann',
      'query ($input: TrainingSetInput!) { trainingSetPreview(input: $input) { columns rows leftOut { feature reason } validation { labelCopies { column } } } }',
      { input: trainingSet() },
    );
    expect(preview.data.trainingSetPreview.columns).toEqual(['entity_id', 'timestamp', 'orders', 'city']);
    expect(preview.data.trainingSetPreview.leftOut).toHaveLength(2);
    expect(preview.text).not.toContain('secret');
    const named = { input: trainingSet({ features: ['email'] }) };
    for (const query of [
      'query ($input: TrainingSetInput!) { trainingSetPreview(input: $input) { columns } }',
      'query ($input: TrainingSetInput!) { validateTrainingSet(input: { trainingSet: $input }) { labelRows } }',
      'query ($input: TrainingSetInput!) { estimateTrainingSet(input: $input) { total { amount } } }',
    ]) {
      const { errors } = await shop.ask('ann', query, named);
      expect(errors![0]!.extensions.code).toBe('PERMISSION_DENIED');
    }
  });
});

describe('other jobs', () => {
  it('do not tell the names of feature views that the principal may not see', async () => {
    const sync = async (featureView: string) => {
      const query = `mutation { syncFeatureView(input: { featurestore: "shop", featureView: "${featureView}" }) { userErrors { code message } } }`;
      return JSON.stringify((await shop.ask('nobody', query)).data).replaceAll(featureView, 'VIEW');
    };
    expect(await sync('board')).toBe(await sync('zzz'));
    expect(await sync('zzz')).not.toContain('board');
  });

  it('have the feature view only for those who may see it', async () => {
    await shop.ask(
      'admin',
      'mutation { syncFeatureView(input: { featurestore: "shop", featureView: "board" }) { job { id } } }',
    );
    shop.writePolicy(`${POLICY}  - { name: all see jobs, who: EVERYONE, allow: [SEE_JOBS] }\n`);
    await shop.ask('admin', 'mutation { applyRegistry { jobIds } }');
    const query = `{ jobs(filter: { kinds: [FEATURE_VIEW_SYNC] }, first: 1) {
      nodes { ... on FeatureViewSyncJob { featureView { name } } } } }`;
    const seen = async (who: Who) => (await shop.ask(who, query)).data.jobs.nodes;
    expect(await seen('admin')).toEqual([{ featureView: { name: 'board' } }]);
    expect(await seen('nobody')).toEqual([{ featureView: null }]);
  });

  it.each([
    ['nothing', [], null],
    ['a feature of it', [{ allow: ['READ'], features: ['city'] }], 'customer'],
    ['refreshes of it', [{ allow: ['SOURCE_REFRESH'] }], 'customer'],
  ])('of a refresh have the entity type for a client that is permitted %s', (_what, rules, name) => {
    const who = { names: [ANONYMOUS.name] };
    const document = policyDocument.parse({ rules: rules.map((rule) => ({ name: 'it', who, ...rule })) });
    const record = { spec: { featurestore: 'shop', entityType: 'customer' } } as SourceRefreshJobRecord;
    const context = { registry: smallRegistry(), access: new Policy(document).accessOf(ANONYMOUS) } as RequestContext;
    expect(new SourceRefreshResolver().entityType(record, context)?.name ?? null).toBe(name);
  });

  it('are started only by those who may', async () => {
    for (const mutation of [
      'syncFeatureView(input: { featurestore: "shop", featureView: "board" })',
      'refreshSource(input: { featurestore: "shop", entityType: "customer" })',
    ]) {
      const [name = ''] = mutation.split('(');
      const { data } = await shop.ask('ann', `mutation { ${mutation} { job { id } userErrors { code } } }`);
      expect(data[name]).toEqual({ job: null, userErrors: [{ code: 'PERMISSION_DENIED' }] });
      const admin = await shop.ask('admin', `mutation { ${mutation} { job { id } userErrors { code } } }`);
      expect(JSON.stringify(admin.data)).not.toContain('PERMISSION_DENIED');
    }
  });
});
