import { PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BigQueryServer } from '../support/google/bigquery-server/server.js';
import { PROJECT, startBigQuery } from '../support/google/bigquery-store.js';
import { OUTPUTS } from '../support/google/output-tables.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { POLICY, startPolicedGateway, type PolicedGateway } from '../support/policed-gateway.js';
import { until } from '../support/until.js';

/** Analysts may write tables of their team, and tables of the embedded store of any name that has no dots. */
const RULES = `${POLICY}
  - { name: analysts write tables, who: { groups: [analyst] }, allow: [WRITE_TABLE], tables: ['${PROJECT}.${OUTPUTS}.team_*', 'set', 'june'] }
`;
const START = `mutation ($input: StartTrainingSetInput!) {
  startTrainingSet(input: $input) { job { id estimatedCost { assumptions } } userErrors { code field message } } }`;

describeWithGoogleSql('a policy for tables of BigQuery', () => {
  let server: BigQueryServer;
  let shop: PolicedGateway;

  beforeAll(async () => {
    server = await startBigQuery();
    server.tables.addDataset(PROJECT, OUTPUTS, 'EU');
    const bigquery = { apiEndpoint: server.endpoint, projectId: PROJECT, authClient: new PassThroughClient() };
    const environment = { FEATUREGRAPH_OUTPUT_DATASET: `${PROJECT}.${OUTPUTS}` };
    shop = await startPolicedGateway(environment, undefined, RULES, { bigquery });
  });
  afterAll(async () => {
    await shop.close();
    await server.stop();
  });

  async function start(location: string | null) {
    const labels = { source: { rows: [{ entity_id: 'c1', timestamp: '2024-01-01T00:00:00Z' }] } };
    const trainingSet = { featurestore: 'shop', entityType: 'customer', features: ['orders'], labels };
    const { data } = await shop.ask('ann', START, { input: { trainingSet, output: { format: 'BIGQUERY', location } } });
    return data.startTrainingSet;
  }

  it.each(['june', `${PROJECT}.${OUTPUTS}.june`, 'set', `${PROJECT}.${OUTPUTS}.set`])(
    'knows a table by its whole address, so that the name of another store does not permit it: %s',
    async (location) => {
      const { job, userErrors } = await start(location);
      expect(job).toBeNull();
      expect(userErrors).toEqual([
        { code: 'PERMISSION_DENIED', field: ['input', 'output', 'location'], message: 'You may not write this table.' },
      ]);
      expect(server.tables.idsOf(PROJECT, OUTPUTS)).not.toContain('june');
    },
  );

  it.each(['team_june', `${PROJECT}.${OUTPUTS}.team_july`])(
    'permits a table by either of its names: %s',
    async (location) => {
      const { job, userErrors } = await start(location);
      expect(userErrors).toEqual([]);
      expect(job.estimatedCost.assumptions).toContainEqual(
        expect.stringMatching(/loaded into BigQuery, which is free/),
      );
      const address = `${PROJECT}.${OUTPUTS}.${location.split('.').at(-1)}`;
      await until(async () => {
        const { data } = await shop.ask(
          'ann',
          `{ job(id: "${job.id}") { state ... on TrainingSetJob { output { format location } } } }`,
        );
        if (data.job.state !== 'SUCCEEDED') return false;
        expect(data.job.output).toEqual({ format: 'BIGQUERY', location: address });
        return true;
      });
      expect(server.tables.get(PROJECT, OUTPUTS, address.split('.').at(-1)!).rows).toHaveLength(1);
    },
  );
});
