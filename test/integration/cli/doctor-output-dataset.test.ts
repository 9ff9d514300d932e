import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { diagnoseOutputDataset } from '../../../datasources/output-tables/bigquery/diagnose-output-dataset.js';
import { collect } from '../../support/collect.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { OUTPUTS } from '../../support/google/output-tables.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';

describeWithGoogleSql('doctor on the dataset for outputs', () => {
  let server: BigQueryServer;

  beforeAll(async () => {
    server = await startBigQuery();
    server.tables.addDataset(PROJECT, OUTPUTS, 'EU');
  });
  afterAll(() => server.stop());

  async function diagnose(dataset: string): Promise<object[]> {
    const client = new BigQuery({
      projectId: PROJECT,
      apiEndpoint: server.endpoint,
      retryOptions: { autoRetry: false },
      authClient: new PassThroughClient(),
    });
    return collect(diagnoseOutputDataset({ client: async () => client, project: PROJECT, dataset }, Date.now));
  }

  it('makes, reads and deletes a marked table, and says where the dataset is', async () => {
    expect(await diagnose(OUTPUTS)).toEqual([
      { status: 'ok', message: 'the dataset for outputs is in EU' },
      { status: 'ok', message: 'the gateway may make tables in the dataset for outputs' },
      { status: 'ok', message: 'the gateway may read the descriptions of tables in the dataset for outputs' },
      { status: 'ok', message: 'the gateway may delete tables in the dataset for outputs' },
    ]);
    expect(server.tables.idsOf(PROJECT, OUTPUTS)).toEqual([]);
  });

  it('says what makes a dataset that is not there, and which roles are missing', async () => {
    expect(await diagnose('absent')).toMatchObject([
      { status: 'fault', remedy: `bq mk --dataset --location=LOCATION ${PROJECT}:absent` },
    ]);
    server.faults.inject('accessDenied', /POST .*\/tables$/);
    expect((await diagnose(OUTPUTS)).at(-1)).toMatchObject({
      status: 'fault',
      remedy: expect.stringContaining('roles/bigquery.dataEditor') as string,
    });
  });
});
