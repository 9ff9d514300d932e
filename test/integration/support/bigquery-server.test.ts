import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { DATASET, PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';

/** What passes here must pass BigQuery: so the test server is held to refusing what the API refuses. */
describeWithGoogleSql('the BigQuery test server', () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery();
    server.tables.create(PROJECT, DATASET, {
      tableReference: { projectId: PROJECT, datasetId: DATASET, tableId: 't' },
      schema: {
        fields: [
          { name: 'id', type: 'STRING', mode: 'REQUIRED' },
          { name: 'n', type: 'INT64' },
          { name: 'tags', type: 'STRING', mode: 'REPEATED' },
        ],
      },
    });
  });
  afterAll(() => server.stop());

  let jobs = 0;
  const post = async (path: string, body: object): Promise<{ status: number; message: string; body: any }> => {
    const response = await fetch(`${server.endpoint}/bigquery/v2/projects/${PROJECT}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    const answer: any = await response.json();
    return { status: response.status, message: answer.error?.message ?? '', body: answer };
  };
  const insertJob = (query: object, job: object = {}) =>
    post('/jobs', {
      jobReference: { projectId: PROJECT, jobId: `job_${(jobs += 1)}`, location: 'EU' },
      configuration: { query: { query: 'SELECT 1', useLegacySql: false, ...query }, ...job },
    });
  const parameter = (type: object, value: object) => ({
    query: 'SELECT @p AS p',
    parameterMode: 'NAMED',
    queryParameters: [{ name: 'p', parameterType: type, parameterValue: value }],
  });
  const table = `\`${PROJECT}.${DATASET}.t\``;

  it.each([
    ['an unknown option', { querry: '' }, 'Unknown name "querry"'],
    ['no query', { query: '' }, 'Required parameter is missing'],
    ['legacy SQL, which is the default', { useLegacySql: undefined }, 'useLegacySql'],
    ['a column that is not there', { query: `SELECT nope FROM ${table}` }, 'Unrecognized name: nope'],
    ['types that do not meet', { query: `SELECT id = n FROM ${table}` }, 'No matching signature'],
    ['a table that is not there', { query: `SELECT 1 FROM \`${PROJECT}.${DATASET}.none\`` }, 'Not found: Table'],
    ['a parameter without a value', parameter({ type: 'STRING' }, { value: null }), 'cannot be NULL'],
    ['a parameter of another type', parameter({ type: 'INT64' }, { value: 'many' }), 'bad value'],
    ['a number for a text', parameter({ type: 'INT64' }, { value: 1 }), 'Invalid value'],
    ['a parameter that is not declared', { query: 'SELECT @p' }, 'not found'],
  ])('refuses a query with %s', async (_what, query, message) => {
    const answer = await insertJob(query);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.message).toContain(message);
  });

  it('refuses labels that BigQuery does not take, a job id twice, and another location', async () => {
    expect((await insertJob({}, { labels: { tenant: 'Upper Case' } })).status).toBe(400);
    expect((await insertJob({})).status).toBe(200);
    jobs -= 1;
    expect((await insertJob({})).status).toBe(409);
    const elsewhere = await post('/jobs', {
      jobReference: { projectId: PROJECT, jobId: 'elsewhere', location: 'US' },
      configuration: { query: { query: `SELECT 1 FROM ${table}`, useLegacySql: false } },
    });
    expect(elsewhere.message).toContain('was not found in location US');
    const job = await fetch(`${server.endpoint}/bigquery/v2/projects/${PROJECT}/queries/job_${jobs}`);
    expect(job.status).toBe(404);
  });

  it('answers a dry run with the schema and the bytes, in the older names of types', async () => {
    const { body } = await insertJob({ query: `SELECT n, tags FROM ${table}` }, { dryRun: true });
    expect(body.statistics.query.schema.fields).toMatchObject([
      { name: 'n', type: 'INTEGER', mode: 'NULLABLE' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    ]);
    expect(body.statistics.totalBytesProcessed).toBe('0');
  });

  it.each([
    ['an unknown column', { id: 'x', other: 1 }, 'no such field: other'],
    ['a missing id', { n: 1 }, 'Missing required field'],
    ['a text for a number', { id: 'x', n: 'many' }, 'Cannot convert value to integer'],
    ['a null for an array', { id: 'x', tags: null }, 'Only optional fields can be set to NULL'],
  ])('refuses a row with %s, and the good rows beside it unless they are asked for', async (_what, json, message) => {
    const rows = [{ json: { id: 'good' } }, { json }];
    const stored = server.tables.get(PROJECT, DATASET, 't').rows;
    const before = stored.length;
    const path = `/datasets/${DATASET}/tables/t/insertAll`;
    const refused = (await post(path, { rows })).body.insertErrors;
    expect(refused).toMatchObject([
      { index: 1, errors: [{ reason: 'invalid' }] },
      { index: 0, errors: [{ reason: 'stopped' }] },
    ]);
    expect(refused[0].errors[0].message).toContain(message);
    expect(stored.length).toBe(before);
    expect((await post(path, { rows, skipInvalidRows: true })).body.insertErrors.length).toBe(1);
    expect(stored.length).toBe(before + 1);
  });
});
