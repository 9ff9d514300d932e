import { PassThroughClient } from 'google-auth-library';
import { BigQueryServer } from './bigquery-server/server.js';
import {
  openBigQueryOfflineStore,
  type BigQueryDependencies,
} from '../../../datasources/offline/bigquery/open-bigquery.js';
import type { BigQueryOfflineStore } from '../../../datasources/offline/bigquery/bigquery-offline-store.js';
import type { BigQuerySettings, EntityType, FeatureSource } from '../../../datasources/registry/model.js';

export const PROJECT = 'test-project';
export const DATASET = 'features';

/** A real client must not look for a metadata server: there is none, and it would wait for it. */
process.env.METADATA_SERVER_DETECTION = 'none';

/** A server with an empty dataset; its clock is what the streaming window is measured from. */
export async function startBigQuery(now?: () => bigint): Promise<BigQueryServer> {
  const server = await BigQueryServer.start(now);
  server.tables.addDataset(PROJECT, DATASET, 'EU');
  return server;
}

export function bigQuerySettings(options: Partial<BigQuerySettings> = {}): BigQuerySettings {
  return {
    kind: 'BIGQUERY',
    project: PROJECT,
    dataset: DATASET,
    location: 'EU',
    maximumBytesBilled: null,
    timeoutSeconds: 60,
    createTables: true,
    pointInTime: 'AGGREGATE',
    ...options,
  };
}

/** A store over the real client and a real socket. */
export async function openTestStore(
  server: BigQueryServer,
  entityType: EntityType | readonly FeatureSource[],
  options: Partial<BigQuerySettings> = {},
  dependencies: Partial<BigQueryDependencies> = {},
): Promise<BigQueryOfflineStore> {
  const sources = 'sources' in entityType ? entityType.sources : entityType;
  return openBigQueryOfflineStore(bigQuerySettings(options), sources, {
    clock: () => 1_000_000_000_000_000n,
    retryDelayMs: 1,
    // The client's waits between tries, 2 s and doubling, are cut to nothing.
    client: {
      apiEndpoint: server.endpoint,
      retryOptions: { maxRetryDelay: 0.001 },
      authClient: new PassThroughClient(),
    },
    ...dependencies,
  });
}
