import { VertexBatchPredictionHandler } from '../batch-prediction/vertex/vertex-batch-prediction-handler.js';
import { VertexBatchPredictions } from '../batch-prediction/vertex/vertex-batch-predictions.js';
import { DEFAULT_PACE, VertexJobsClient } from '../batch-prediction/vertex/vertex-jobs-client.js';
import { VertexClients } from '../datasources/google/vertex/vertex-clients.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { Logger } from '../observability/logger.js';
import type { GoogleClientOptions } from './google-clients.js';

export interface VertexBatchPredictionOptions {
  readonly registry: Registry;
  readonly logger: Logger;
  readonly google: GoogleClientOptions;
}

/**
 * Batch prediction on Vertex AI before the engine exists: first its handler, then the function that starts its jobs.
 */
export interface VertexBatchPredictionParts {
  readonly handler: VertexBatchPredictionHandler;
  createPredictions(engine: JobEngine): VertexBatchPredictions;
  close(): Promise<void>;
}

/** Google's clients are loaded only when a job or its results need them. */
export function openVertexBatchPrediction({
  registry,
  logger,
  google,
}: VertexBatchPredictionOptions): VertexBatchPredictionParts {
  const { pollMs, callPolicy, createPolicy } = google.vertexJobs ?? DEFAULT_PACE;
  const regions = new Map<string, VertexClients>();
  const clientFor = async (location: string): Promise<VertexJobsClient> => {
    let clients = regions.get(location);
    if (!clients) regions.set(location, (clients = new VertexClients(location, google.vertex)));
    return new VertexJobsClient(await clients.jobs(), callPolicy, createPolicy);
  };
  const dependencies = {
    getModel: (name: string, field?: string) => registry.model(name, field),
    storage: async () => new (await import('@google-cloud/storage')).Storage(google.storage),
    bigquery: async () => new (await import('@google-cloud/bigquery')).BigQuery(google.bigquery),
  };
  const handler = new VertexBatchPredictionHandler({
    ...dependencies,
    clientFor,
    pollMs,
    onTransientError: (error, { id }) => logger.warn({ err: error, job: id }, 'Vertex AI did not do what a job asked'),
  });
  return {
    handler,
    createPredictions: (engine) => new VertexBatchPredictions(engine, handler, dependencies),
    close: async () => {
      for (const clients of regions.values()) await clients.close();
    },
  };
}
