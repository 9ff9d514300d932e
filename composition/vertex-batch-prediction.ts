import type { BatchPredictionRoute } from '../batch-prediction/batch-predictions-by-runtime.js';
import type { JobEngine } from '../jobs/job-engine.js';
import { VertexBatchPredictionRunner } from '../batch-prediction/vertex/vertex-batch-prediction-runner.js';
import { VertexBatchPredictions } from '../batch-prediction/vertex/vertex-batch-predictions.js';
import { VertexJobsClient } from '../batch-prediction/vertex/vertex-jobs-client.js';
import type { Registry } from '../datasources/registry/registry.js';
import { VertexClients } from '../datasources/google/vertex/vertex-clients.js';
import type { Logger } from '../observability/logger.js';
import type { GoogleClientOptions } from './google-clients.js';

/** Vertex AI answers 600 such questions a minute and project; a job lasts minutes at least. */
const POLL_MS = { first: 2_000, longest: 30_000 };

export interface VertexBatchPredictionOptions {
  readonly registry: Registry;
  readonly engine: JobEngine;
  readonly logger: Logger;
  readonly google: GoogleClientOptions;
}

/** Batch prediction on Vertex AI. Of Google's clients nothing is loaded before a job or its results need it. */
export function openVertexBatchPrediction({ registry, engine, logger, google }: VertexBatchPredictionOptions): {
  readonly route: BatchPredictionRoute;
  close(): Promise<void>;
} {
  const regions = new Map<string, VertexClients>();
  const clientFor = async (location: string): Promise<VertexJobsClient> => {
    let clients = regions.get(location);
    if (!clients) regions.set(location, (clients = new VertexClients(location, google.vertex)));
    return new VertexJobsClient(await clients.jobs());
  };
  return {
    route: {
      predictions: new VertexBatchPredictions({
        engine,
        getModel: (name, field) => registry.model(name, field),
        storage: async () => new (await import('@google-cloud/storage')).Storage(google.storage),
        bigquery: async () => new (await import('@google-cloud/bigquery')).BigQuery(google.bigquery),
      }),
      runner: new VertexBatchPredictionRunner({
        getModel: (name) => registry.model(name),
        clientFor,
        pollMs: POLL_MS,
        onTransientError: (error, { id }) =>
          logger.warn({ err: error, job: id }, 'Vertex AI did not do what a job asked'),
      }),
    },
    close: async () => {
      for (const clients of regions.values()) await clients.close();
    },
  };
}
