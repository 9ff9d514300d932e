import type { BigQueryOptions } from '@google-cloud/bigquery';
import type { StorageOptions } from '@google-cloud/storage';
import type { VertexJobsPace } from '../batch-prediction/vertex/vertex-jobs-client.js';
import type { ClientOptions } from '../datasources/google/vertex/vertex-clients.js';

/** How Google's clients are created, for tests with their own servers. Absent: with the credentials of the machine. */
export interface GoogleClientOptions {
  readonly vertex?: ClientOptions;
  /** The waiting times of jobs on Vertex AI: tests use shorter ones. */
  readonly vertexJobs?: VertexJobsPace;
  readonly storage?: StorageOptions;
  readonly bigquery?: BigQueryOptions;
}

/** The clients of the stores. */
export function toStoreClients({ vertex, bigquery }: GoogleClientOptions = {}) {
  return { ...(vertex ? { vertexClient: vertex } : {}), ...(bigquery ? { bigqueryClient: bigquery } : {}) };
}
