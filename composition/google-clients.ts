import type { BigQueryOptions } from '@google-cloud/bigquery';
import type { StorageOptions } from '@google-cloud/storage';
import type { ClientOptions } from '../datasources/google/vertex/vertex-clients.js';

/** How Google's clients are made, for tests: their servers are not at Google. Absent: by the credentials of the machine. */
export interface GoogleClientOptions {
  readonly vertex?: ClientOptions;
  readonly storage?: StorageOptions;
  readonly bigquery?: BigQueryOptions;
}
