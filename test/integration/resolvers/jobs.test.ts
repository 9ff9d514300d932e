import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { REQUEST_LIMITS } from '../../../limits/request-limits.js';
import { Registry } from '../../../datasources/registry/registry.js';
import { AppError } from '../../../errors/app-error.js';
import { CountableWork } from '../../support/countable-work.js';
import { until } from '../../support/until.js';
import { RecordingBatchPredictions, RecordingTrainingSets, VALIDATION } from '../../support/job-ports.js';
import { NOW, NOW_TEXT, smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const churn: Model = {
  kind: 'model',
  name: 'churn',
  displayName: 'Churn',
  description: null,
  labels: { team: 'sales' },
  runtime: 'ONNX',
  location: '/srv/models/churn.onnx',
  inputs: [{ name: 'orders_7d', valueType: 'INT64', unit: null, description: null }],
  outputs: [{ name: 'probability', valueType: 'DOUBLE', unit: null, description: 'Of leaving.' }],
};

let gateway: TestGateway;
let predictions: RecordingBatchPredictions;
let trainingSets: RecordingTrainingSets;
let work: { prediction: CountableWork; training: CountableWork };
let now = NOW;

beforeAll(async () => {
  work = { prediction: new CountableWork('BATCH_PREDICTION'), training: new CountableWork('TRAINING_SET') };
  gateway = await startTestGateway(new Registry(smallRegistry().featurestores, [churn]), {
    clock: () => now,
    handlers: [work.prediction, work.training],
    batchPredictions: (jobs) => (predictions = new RecordingBatchPredictions(jobs, work.prediction)),
    trainingSets: (jobs, stores) => (trainingSets = new RecordingTrainingSets(jobs, work.training, stores)),
  });
});
afterAll(() => gateway.close());
afterEach(() => {
  predictions.refusal = undefined;
  predictions.requests.length = 0;
  trainingSets.requests.length = 0;
});

const START = `mutation ($input: StartBatchPredictionInput!) {
  startBatchPrediction(input: $input) { job { id state displayName } userErrors { message code field row } }
}`;
const input = (more: Record<string, unknown> = {}) => ({
  displayName: 'Churn of June',
  model: 'models/churn',
  input: { table: 'customers' },
  output: {},
  ...more,
});
const start = async (more: Record<string, unknown> = {}) => {
  const { data, errors } = await gateway.ask(START, { input: input(more) });
  expect(errors).toBeUndefined();
  return data.startBatchPrediction;
};
/** Ends the job that runs, so that the next test has the runner for itself. */
const endOf = async (id: string, runner: CountableWork) => {
  runner.end();
  await until(async () => (await gateway.services.jobs.get(id.slice('jobs/'.length)))?.state === 'SUCCEEDED');
};

describe('startBatchPrediction', () => {
  it('passes on all that was asked, with what is usual for the rest', async () => {
    const { job, userErrors } = await start({
      model: 'churn',
      input: { files: { paths: ['june/a.parquet', 'june/b.parquet'] } },
      output: { format: 'JSONL', location: 'out' },
      parameters: { token_budget: 200, nested: { list: [1, null] } },
      labels: { team: 'sales' },
    });
    expect(userErrors).toEqual([]);
    expect(job).toMatchObject({ displayName: 'Churn of June', id: expect.stringMatching(/^jobs\/[\w-]{36}$/) });
    expect(predictions.requests).toEqual([
      {
        displayName: 'Churn of June',
        labels: { team: 'sales' },
        createdBy: null,
        idempotencyKey: null,
        maxCostUsd: null,
        cancelAboveUsd: null,
        model: churn,
        spec: {
          model: 'churn',
          input: { kind: 'FILES', files: ['june/a.parquet', 'june/b.parquet'], format: 'PARQUET' },
          output: { format: 'JSONL', location: 'out' },
          parameters: { token_budget: 200, nested: { list: [1, null] } },
          resources: {
            machineType: null,
            acceleratorType: null,
            acceleratorCount: null,
            startingReplicaCount: 1,
            maxReplicaCount: null,
            batchSize: 64,
            generateExplanation: false,
          },
          retryOf: null,
        },
      },
    ]);
    await endOf(job.id, work.prediction);
  });

  it.each([
    ['files', { format: 'JSONL' }],
    ['instanceFiles', { format: 'TF_RECORD' }],
  ])('refuses more paths of %s than a request may have, and none', async (name, format) => {
    const { maxInputPaths } = REQUEST_LIMITS;
    const startWith = (count: number) =>
      start({ input: { [name]: { paths: Array.from({ length: count }, (_, n) => `gs://bucket/${n}`), ...format } } });
    for (const count of [0, maxInputPaths + 1]) {
      const { job, userErrors } = await startWith(count);
      expect(job).toBeNull();
      expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'input', name, 'paths'] }]);
    }
    const { job, userErrors } = await startWith(maxInputPaths);
    expect(userErrors).toEqual([]);
    await endOf(job.id, work.prediction);
  });

  it.each([
    [
      {
        delimiter: ';',
        header: false,
        nullText: '-',
        decimal: ',',
        encoding: 'ISO-8859-1',
        compression: 'GZIP',
        dateFormat: '%d/%m/%Y',
        timestampFormat: '%d/%m/%Y %H:%M',
        timeZone: 'Europe/Zurich',
        dateAsMoment: 'END_OF_DAY',
      },
    ],
    [{ timeZone: 'UTC' }],
    [{}],
  ])('shows the options of its files: %j', async (options) => {
    const { job } = await start({ input: { files: { paths: ['june.csv'], ...options } } });
    const { data, errors } = await gateway.ask(
      `query ($id: ID!) { batchPredictionJob(id: $id) { input { files format fileOptions {
        delimiter header nullText decimal encoding compression dateFormat timestampFormat timeZone dateAsMoment
      } } } }`,
      { id: job.id },
    );
    expect(errors).toBeUndefined();
    const none = {
      delimiter: null,
      header: null,
      nullText: null,
      decimal: null,
      encoding: null,
      compression: null,
      dateFormat: null,
      timestampFormat: null,
      timeZone: null,
      dateAsMoment: null,
    };
    expect(data.batchPredictionJob.input).toEqual({
      files: ['june.csv'],
      format: 'CSV',
      fileOptions: { ...none, ...options },
    });
    await endOf(job.id, work.prediction);
  });

  it('gives the same job for the same idempotency key, also when both ask at once', async () => {
    const given = await Promise.all([start({ idempotencyKey: 'june' }), start({ idempotencyKey: 'june' })]);
    expect(given[0].job.id).toBe(given[1].job.id);
    await endOf(given[0].job.id, work.prediction);
  });

  it.each([
    ['a model that is not there', { model: 'models/chrun' }, 'MODEL_NOT_FOUND', ['input', 'model'], /There are: churn/],
    [
      'no files',
      { input: { files: { paths: [] } } },
      'BAD_USER_INPUT',
      ['input', 'input', 'files', 'paths'],
      /at least one file/,
    ],
    [
      'a file of unknown format',
      { input: { files: { paths: ['a.xls'] } } },
      'BAD_USER_INPUT',
      ['input', 'input', 'files', 'format'],
      /"format"/,
    ],
    [
      'a job that is no job',
      { input: { trainingSetJob: 'x' } },
      'JOB_NOT_FOUND',
      ['input', 'input', 'trainingSetJob'],
      /jobs\//,
    ],
    ['a batch of nothing', { batchSize: 0 }, 'BAD_USER_INPUT', ['input', 'batchSize'], /at least 1/],
    ['no replica', { startingReplicaCount: 0 }, 'BAD_USER_INPUT', ['input', 'startingReplicaCount'], /at least 1/],
    [
      'fewer replicas at most than at the start',
      { startingReplicaCount: 3, maxReplicaCount: 2 },
      'BAD_USER_INPUT',
      ['input', 'maxReplicaCount'],
      /less/,
    ],
    [
      'a very long idempotency key',
      { idempotencyKey: 'x'.repeat(501) },
      'BAD_USER_INPUT',
      ['input', 'idempotencyKey'],
      /UUID/,
    ],
    ['an empty idempotency key', { idempotencyKey: '' }, 'BAD_USER_INPUT', ['input', 'idempotencyKey'], /omit it/],
    ['a label that is no string', { labels: { team: 1 } }, 'BAD_USER_INPUT', ['input', 'labels', 'team'], /quotes/],
  ])('refuses %s as data, and starts nothing', async (_what, more, code, field, message) => {
    const { job, userErrors } = await start(more);
    expect(job).toBeNull();
    expect(userErrors).toEqual([{ code, field, message: expect.stringMatching(message), row: null }]);
    expect(predictions.requests).toEqual([]);
  });

  it('gives what the port refuses as data, with the row at fault', async () => {
    predictions.refusal = new AppError('BAD_USER_INPUT', 'No.', { field: 'input.files[2]', row: 7 });
    expect((await start()).userErrors).toEqual([
      { message: 'No.', code: 'BAD_USER_INPUT', field: ['input', 'input', 'files', '2'], row: 7 },
    ]);
  });

  it('fails as a whole when it is not the input that is at fault', async () => {
    predictions.refusal = new AppError('STORE_UNAVAILABLE', 'The store is away.');
    const { errors } = await gateway.ask(START, { input: input() });
    expect(errors![0]!.extensions).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
  });
});

describe('a batch prediction', () => {
  let id: string;
  beforeAll(async () => {
    ({
      job: { id },
    } = await start({ labels: { team: 'risk' }, parameters: { a: 1 } }));
    work.prediction.result = { predictions: 'out/p.parquet', failures: null, isPartial: false };
    work.prediction.begin(4n).count(3n, 1n);
    await endOf(id, work.prediction);
    const row = (instanceNumber: bigint) => ({ instanceNumber, instance: { n: Number(instanceNumber) } });
    predictions.predicted = [0n, 2n, 3n].map((n) => ({ ...row(n), prediction: { probability: 0.5 } }));
    predictions.failed = [{ ...row(1n), code: 'INVALID_INSTANCE', message: 'orders_7d is missing.' }];
  });

  it('says what it is, does and made', async () => {
    const { data, errors } = await gateway.ask(
      `query ($id: ID!) { batchPredictionJob(id: $id) {
        id kind state displayName labels createdBy createdAt startedAt endedAt error { code } parameters
        progress { completed failed total percent remainingSeconds }
        model { id displayName inputs { name valueType } outputs { name } }
        input { kind table files trainingSetJob format fileOptions { delimiter } } output { format location predictions failures isPartial }
        resources { batchSize startingReplicaCount }
        metrics(of: [{ metric: COUNT, field: "probability" }, { metric: AVG, field: "x", over: "y" }]) { metric field over value }
      } }`,
      { id },
    );
    expect(errors).toBeUndefined();
    expect(data.batchPredictionJob).toEqual({
      id,
      kind: 'BATCH_PREDICTION',
      state: 'SUCCEEDED',
      displayName: 'Churn of June',
      labels: { team: 'risk' },
      createdBy: null,
      createdAt: NOW_TEXT,
      startedAt: NOW_TEXT,
      endedAt: NOW_TEXT,
      error: null,
      parameters: { a: 1 },
      progress: { completed: '3', failed: '1', total: '4', percent: 100, remainingSeconds: null },
      model: {
        id: 'models/churn',
        displayName: 'Churn',
        inputs: [{ name: 'orders_7d', valueType: 'INT64' }],
        outputs: [{ name: 'probability' }],
      },
      input: { kind: 'TABLE', table: 'customers', files: null, trainingSetJob: null, format: null, fileOptions: null },
      output: { format: 'PARQUET', location: null, predictions: 'out/p.parquet', failures: null, isPartial: false },
      resources: { batchSize: 64, startingReplicaCount: 1 },
      metrics: [
        { metric: 'COUNT', field: 'probability', over: null, value: 3 },
        { metric: 'AVG', field: 'x', over: 'y', value: null },
      ],
    });
  });

  it('gives its predictions and failures page by page', async () => {
    const query = `query ($id: ID!, $after: String) { batchPredictionJob(id: $id) {
      predictions(first: 2, after: $after) { nodes { instanceNumber instance prediction } pageInfo { hasNextPage endCursor } }
      failures { nodes { instanceNumber code message } pageInfo { hasNextPage } }
    } }`;
    const first = (await gateway.ask(query, { id })).data.batchPredictionJob;
    expect(first.predictions.nodes).toEqual([
      { instanceNumber: '0', instance: { n: 0 }, prediction: { probability: 0.5 } },
      { instanceNumber: '2', instance: { n: 2 }, prediction: { probability: 0.5 } },
    ]);
    expect(first.predictions.pageInfo.hasNextPage).toBe(true);
    expect(first.failures).toEqual({
      nodes: [{ instanceNumber: '1', code: 'INVALID_INSTANCE', message: 'orders_7d is missing.' }],
      pageInfo: { hasNextPage: false },
    });
    const { predictions: second } = (await gateway.ask(query, { id, after: first.predictions.pageInfo.endCursor })).data
      .batchPredictionJob;
    expect(second.nodes.map(({ instanceNumber }: any) => instanceNumber)).toEqual(['3']);
    expect(second.pageInfo.hasNextPage).toBe(false);
  });

  it('is found by node, by job and as a Job', async () => {
    const { data, errors } = await gateway.ask(
      `query ($id: ID!) {
        node(id: $id) { __typename id ... on Job { state } }
        job(id: $id) { __typename ... on BatchPredictionJob { displayName } }
        nodes(ids: [$id, "jobs/none", "models/churn", "models/none"]) { __typename id }
      }`,
      { id },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      node: { __typename: 'BatchPredictionJob', id, state: 'SUCCEEDED' },
      job: { __typename: 'BatchPredictionJob', displayName: 'Churn of June' },
      nodes: [{ __typename: 'BatchPredictionJob', id }, null, { __typename: 'Model', id: 'models/churn' }, null],
    });
  });

  it('stays as it ended when it is cancelled', async () => {
    const { data } = await gateway.ask(
      'mutation ($id: ID!) { cancelJob(input: { id: $id }) { job { state } userErrors { code } } }',
      { id },
    );
    expect(data.cancelJob).toEqual({ job: { state: 'SUCCEEDED' }, userErrors: [] });
  });

  it('can be tried again for its failures', async () => {
    const query = `mutation ($id: ID!) { retryFailedInstances(input: { id: $id, idempotencyKey: "again" }) {
      job { id labels parameters } userErrors { code field } } }`;
    const { data } = await gateway.ask(query, { id });
    expect(data.retryFailedInstances).toMatchObject({
      job: { labels: { team: 'risk' }, parameters: { a: 1 } },
      userErrors: [],
    });
    expect(data.retryFailedInstances.job.id).not.toBe(id);
    await endOf(data.retryFailedInstances.job.id, work.prediction);
    const { data: none } = await gateway.ask(query, { id: 'jobs/none' });
    expect(none.retryFailedInstances).toEqual({
      job: null,
      userErrors: [{ code: 'JOB_NOT_FOUND', field: ['input', 'id'] }],
    });
  });

  it('names the id in a refusal to try its failures again', async () => {
    const query = `mutation ($input: RetryFailedInstancesInput!) { retryFailedInstances(input: $input) {
      job { id } userErrors { code field } } }`;
    predictions.refusal = new AppError('BAD_USER_INPUT', 'Nothing failed.', { field: 'job' });
    const { data } = await gateway.ask(query, { input: { id } });
    expect(data.retryFailedInstances).toEqual({
      job: null,
      userErrors: [{ code: 'BAD_USER_INPUT', field: ['input', 'id'] }],
    });
  });

  it('refuses a cursor of another list, and more than a page', async () => {
    const query = `query ($id: ID!, $first: Int, $after: String) { batchPredictionJob(id: $id) {
      failures(first: $first, after: $after) { nodes { code } } } jobs(first: 1) { pageInfo { endCursor } } }`;
    const { data } = await gateway.ask(query, { id });
    const madeUp = (key: string) => Buffer.from(JSON.stringify([`${id}/failures`, key])).toString('base64url');
    for (const [variables, field] of [
      [{ after: madeUp('x') }, 'after'],
      [{ after: madeUp('') }, 'after'],
      [{ after: data.jobs.pageInfo.endCursor }, 'after'],
      [{ first: 101 }, 'first'],
      [{ first: -1 }, 'first'],
    ] as const) {
      const { errors } = await gateway.ask(query, { id, ...variables });
      expect(errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
    }
  });
});

describe('jobs', () => {
  const ids: string[] = [];
  beforeAll(async () => {
    for (const [hour, team] of ['a', 'b', 'a', 'b', 'a'].entries()) {
      now = NOW + BigInt(hour) * 3_600_000_000n;
      const { data } = await gateway.ask(
        `mutation ($team: JSONObject) { startTrainingSet(input: { labels: $team, trainingSet: {
          featurestore: "shop", entityType: "customer", labels: { source: { table: "labels" } } } }) { job { id } } }`,
        { team: { list: 'yes', team } },
      );
      ids.push(data.startTrainingSet.job.id);
      await endOf(ids.at(-1)!, work.training);
    }
    now = NOW;
  });
  const list = async (filter: unknown, page: Record<string, unknown> = {}) => {
    const { data, errors } = await gateway.ask(
      `query ($filter: JobFilter, $first: Int, $after: String) { jobs(filter: $filter, first: $first, after: $after) {
        nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
      { filter, ...page },
    );
    expect(errors).toBeUndefined();
    return { ids: data.jobs.nodes.map(({ id }: any) => id), ...data.jobs };
  };

  it('come the newest first, page by page, and a new one shifts nothing', async () => {
    const filter = { labels: { list: 'yes' } };
    const first = await list(filter, { first: 2 });
    expect(first.ids).toEqual([ids[4], ids[3]]);
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const { job } = await start({ labels: filter.labels });
    await endOf(job.id, work.prediction);
    const second = await list(filter, { first: 3, after: first.pageInfo.endCursor });
    expect(second.ids).toEqual([ids[2], ids[1], ids[0]]);
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('are chosen by state, kind, labels and time, all together', async () => {
    const labels = { list: 'yes', team: 'a' };
    const kinds = ['TRAINING_SET'];
    expect((await list({ labels, kinds })).ids).toEqual([ids[4], ids[2], ids[0]]);
    expect((await list({ labels, states: ['FAILED'] })).ids).toEqual([]);
    expect((await list({ labels, kinds: [] })).ids).toEqual([]);
    expect(
      (await list({ labels, createdFrom: '2001-09-09T02:00:00Z', createdTo: '2001-09-09T04:00:00Z' })).ids,
    ).toEqual([ids[2]]);
    const { data } = await gateway.ask(
      '{ batchPredictionJobs(filter: { kinds: [TRAINING_SET] }) { nodes { id } } one: batchPredictionJobs(first: 1) { nodes { kind } } }',
    );
    expect(data).toEqual({ batchPredictionJobs: { nodes: [] }, one: { nodes: [{ kind: 'BATCH_PREDICTION' }] } });
  });

  it.each([
    [{ labels: { team: 1 } }, 'filter.labels.team'],
    [{ createdFrom: '2002-01-01T00:00:00Z', createdTo: '2001-01-01T00:00:00Z' }, 'filter.createdFrom'],
  ])('a filter that can mean nothing is refused: %o', async (filter, field) => {
    const { errors } = await gateway.ask('query ($filter: JobFilter) { jobs(filter: $filter) { nodes { id } } }', {
      filter,
    });
    expect(errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  });

  it.each(
    ['job', 'batchPredictionJob'].flatMap((field) =>
      ['jobs/none', 'jobs/', 'jobs/a/b', `jobs/${'x'.repeat(5000)}`, 'models/churn'].map((id) => [field, id] as const),
    ),
  )('%s says when there is no such job: %.20s', async (field, id) => {
    const { data, errors } = await gateway.ask(`query ($id: ID!) { ${field}(id: $id) { id } }`, { id });
    expect(data).toEqual({ [field]: null });
    expect(errors![0]!.extensions).toMatchObject({ code: 'JOB_NOT_FOUND', field: 'id', retryable: false });
  });

  it('batchPredictionJob says when it is another kind of job', async () => {
    const { errors } = await gateway.ask('query ($id: ID!) { batchPredictionJob(id: $id) { id } }', { id: ids[0]! });
    expect(errors![0]).toMatchObject({
      message: expect.stringContaining('TRAINING_SET'),
      extensions: { code: 'JOB_NOT_FOUND' },
    });
  });

  it.each(['', 'x/y', 'x'.repeat(5000)])('a made-up cursor is refused: %.20s', async (key) => {
    const after = Buffer.from(JSON.stringify(['jobs', key])).toString('base64url');
    const { errors } = await gateway.ask('query ($after: String) { jobs(after: $after) { nodes { id } } }', { after });
    expect(errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
  });

  it('cancelJob says when there is no such job', async () => {
    const { data } = await gateway.ask(
      'mutation { cancelJob(input: { id: "jobs/none" }) { job { id } userErrors { code field } } }',
    );
    expect(data.cancelJob).toEqual({ job: null, userErrors: [{ code: 'JOB_NOT_FOUND', field: ['input', 'id'] }] });
  });
});

describe('a training set', () => {
  const trainingSet = (more: Record<string, unknown> = {}) => ({
    featurestore: 'shop',
    entityType: 'customer',
    labels: { source: { rows: [{ customer: 'ann', timestamp: NOW_TEXT, churned: true }] } },
    ...more,
  });
  const PREVIEW = `query ($input: TrainingSetInput!, $first: Int) { trainingSetPreview(input: $input, first: $first) { columns rows
    validation { labelRows joinedRows leakedRows verifiedRows mode seed changedRows valuesAtLabelTime
      valuesWrittenAfterLabel unverifiableValues labelCopies { column labelColumn } unmatchedRows expiredValues invalidLabels
      featureCoverage { column present nulls notFound expired } offendingRows { row kind reason } } } }`;

  it('is previewed with its validation', async () => {
    const { data, errors } = await gateway.ask(PREVIEW, { input: trainingSet(), first: 2 });
    expect(errors).toBeUndefined();
    expect(data.trainingSetPreview).toEqual({
      columns: ['id'],
      rows: [{ id: 'a' }, { id: 'a' }],
      validation: JSON.parse(
        JSON.stringify(VALIDATION, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      ),
    });
    const [request] = trainingSets.requests;
    expect(request).toMatchObject({
      labels: {
        kind: 'INLINE',
        timeColumn: 'timestamp',
        rows: [{ customer: 'ann', timestamp: NOW_TEXT, churned: true }],
      },
      options: { strictlyBefore: false, knownAtLabelTime: false },
      withTimestamps: false,
    });
    expect(request).not.toHaveProperty('ttl');
    expect(request!.joins).toEqual([expect.objectContaining({ entityIdColumns: ['entity_id'], prefix: '' })]);
  });

  it('of another program is validated, with the columns that have names of their own', async () => {
    const input = {
      trainingSet: trainingSet({ validation: 'FULL', validationSeed: 7 }),
      columns: [{ feature: 'city', column: 'town' }],
    };
    const query = `query ($input: ValidateTrainingSetInput!) { validateTrainingSet(input: $input) { verifiedRows } }`;
    const { data, errors } = await gateway.ask(query, { input });
    expect(errors).toBeUndefined();
    expect(data.validateTrainingSet).toEqual({ verifiedRows: '2' });
    expect(trainingSets.requests).toMatchObject([{ validation: { mode: 'FULL', seed: 7 } }]);
    expect(trainingSets.validatedColumns).toEqual(new Map([['city', 'town']]));
  });

  it('joins features and views of several entity types', async () => {
    await gateway.ask(PREVIEW, {
      input: trainingSet({
        labels: { source: { file: { path: 'labels/june.ndjson' } }, timeColumn: 'at', entityIdColumns: ['buyer'] },
        features: ['city'],
        featureViews: ['basket'],
        ttlSeconds: 1.5,
        joins: [
          { entityType: 'visit', entityIdColumns: ['buyer', 'url'] },
          { entityType: 'customer', entityIdColumns: ['friend'], features: ['city', 'city'], prefix: 'friend_' },
        ],
        strictlyBefore: true,
        knownAtLabelTime: true,
        withTimestamps: true,
      }),
    });
    const [request] = trainingSets.requests;
    expect(request).toMatchObject({
      labels: { kind: 'FILE', file: 'labels/june.ndjson', format: 'JSONL', timeColumn: 'at' },
      ttl: 1_500_000n,
      options: { strictlyBefore: true, knownAtLabelTime: true },
      withTimestamps: true,
    });
    expect(
      request!.joins.map(({ entityType, entityIdColumns, features, prefix }) => [
        entityType.name,
        entityIdColumns,
        features.map(({ name }) => name),
        prefix,
      ]),
    ).toEqual([
      ['customer', ['buyer'], ['city', 'mean_basket', 'orders_7d'], ''],
      ['visit', ['buyer', 'url'], ['seconds'], 'visit_'],
      ['customer', ['friend'], ['city'], 'friend_'],
    ]);
  });

  it.each([
    ['0 is any age, as in the registry', 0, { ttl: null }],
    ['microseconds are kept', 0.000001, { ttl: 1n }],
    ['nothing said leaves the ttls of the registry', null, {}],
  ])('of a ttl, %s', async (_title, ttlSeconds, expected) => {
    await gateway.ask(PREVIEW, { input: trainingSet({ ttlSeconds }) });
    const request = trainingSets.requests[0]!;
    expect('ttl' in request ? { ttl: request.ttl } : {}).toEqual(expected);
  });

  it.each([
    [{ ttlSeconds: 1e-7 }, 'BAD_USER_INPUT', 'ttlSeconds'],
    [{ featurestore: 'shp' }, 'FEATURESTORE_NOT_FOUND', 'featurestore'],
    [{ entityType: 'custmer' }, 'ENTITY_TYPE_NOT_FOUND', 'entityType'],
    [{ labels: { source: { file: { path: 'labels' } } } }, 'BAD_USER_INPUT', 'labels.source.file.format'],
    [{ labels: { source: { table: 'x' }, entityIdColumns: ['a', 'b'] } }, 'BAD_USER_INPUT', 'labels.entityIdColumns'],
    [{ labels: { source: { rows: Array(10_001).fill({}) } } }, 'BAD_USER_INPUT', 'labels.source.rows'],
    [{ features: ['city', 'cty'] }, 'FEATURE_NOT_FOUND', 'features[1]'],
    [{ featureViews: ['bsket'] }, 'FEATURE_VIEW_NOT_FOUND', 'featureViews[0]'],
    [{ features: [] }, 'BAD_USER_INPUT', 'features'],
    [{ ttlSeconds: -1 }, 'BAD_USER_INPUT', 'ttlSeconds'],
    [{ joins: [{ entityType: 'visits' }] }, 'ENTITY_TYPE_NOT_FOUND', 'joins[0].entityType'],
    [{ joins: [{ entityType: 'visit', entityIdColumns: ['a'] }] }, 'BAD_USER_INPUT', 'joins[0].entityIdColumns'],
    [{ joins: [{ entityType: 'visit', features: ['x'] }] }, 'FEATURE_NOT_FOUND', 'joins[0].features[0]'],
  ])('names the field at fault, in a preview and in a start: %o', async (more, code, field) => {
    const { errors } = await gateway.ask(PREVIEW, { input: trainingSet(more) });
    expect(errors![0]!.extensions).toMatchObject({ code, field: `input.${field}` });
    const { data } = await gateway.ask(
      'mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) { job { id } userErrors { code field } } }',
      { input: { trainingSet: trainingSet(more) } },
    );
    expect(data.startTrainingSet).toEqual({
      job: null,
      userErrors: [{ code, field: ['input', 'trainingSet', ...field.split(/[.[\]]+/).filter(Boolean)] }],
    });
    expect(trainingSets.requests).toEqual([]);
  });

  it('is started, and says what it wrote', async () => {
    work.training.result = {
      output: { format: 'CSV', location: 'sets/june.csv' },
      columns: ['customer', 'city'],
      rows: 2n,
      validation: VALIDATION,
    };
    const { data } = await gateway.ask(
      `mutation ($trainingSet: TrainingSetInput!) { startTrainingSet(input: { trainingSet: $trainingSet, displayName: "June",
        output: { format: CSV, location: "sets/june.csv" }, idempotencyKey: "june" }) {
          job { id displayName validation { labelRows } output { location } } userErrors { code } } }`,
      { trainingSet: trainingSet() },
    );
    const { job, userErrors } = data.startTrainingSet;
    expect(userErrors).toEqual([]);
    expect(job).toMatchObject({ displayName: 'June', validation: null, output: null });
    expect(trainingSets.requests[0]).toMatchObject({
      output: { format: 'CSV', location: 'sets/june.csv' },
      idempotencyKey: 'june',
      jobLabels: {},
    });
    await endOf(job.id, work.training);
    const { data: ended } = await gateway.ask(
      `query ($id: ID!) { job(id: $id) { kind ... on TrainingSetJob { output { format location columns rows } validation { leakedRows } } } }`,
      { id: job.id },
    );
    expect(ended.job).toEqual({
      kind: 'TRAINING_SET',
      output: { format: 'CSV', location: 'sets/june.csv', columns: ['customer', 'city'], rows: '2' },
      validation: { leakedRows: '0' },
    });
  });
});

it('nothing of where a model is or how a job is kept is in the schema', async () => {
  const { data } = await gateway.ask('{ __schema { types { name fields { name } } } }');
  const fields = data.__schema.types.filter(({ name }: any) =>
    /^(Model|BatchPredictionJob|TrainingSetJob)$/.test(name),
  );
  expect(JSON.stringify(fields)).not.toMatch(/"(location|checkpoint|attempts|spec)"/);
});
