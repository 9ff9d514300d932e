import type { BigQueryOptions } from '@google-cloud/bigquery';
import type { StorageOptions } from '@google-cloud/storage';
import type { VertexJobsPace } from '../batch-prediction/vertex/vertex-jobs-client.js';
import type { ClientOptions } from '../datasources/google/vertex/vertex-clients.js';

/** How Google's clients are made, for tests: their servers are not at Google. Absent: by the credentials of the machine. */
export interface GoogleClientOptions {
  readonly vertex?: ClientOptions;
  /** What jobs on Vertex AI wait for: a test does not wait as long. */
  readonly vertexJobs?: VertexJobsPace;
  readonly storage?: StorageOptions;
  readonly bigquery?: BigQueryOptions;
}
