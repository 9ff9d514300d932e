import type { BatchPredictionRoute } from '../datasources/jobs/batch-predictions-by-runtime.js';
import type { JobEngine } from '../datasources/jobs/job-engine.js';
import { VertexBatchPredictionRunner } from '../datasources/jobs/vertex/vertex-batch-prediction-runner.js';
import { VertexBatchPredictions } from '../datasources/jobs/vertex/vertex-batch-predictions.js';
import { VertexJobsClient } from '../datasources/jobs/vertex/vertex-jobs-client.js';
import type { Registry } from '../datasources/registry/registry.js';
import { VertexClients } from '../datasources/vertex/vertex-clients.js';

/** Vertex AI answers 600 such questions a minute and project; a job lasts minutes at least. */
const POLL_MS = { first: 2_000, longest: 30_000 };

/** Batch prediction on Vertex AI. Of Google's clients nothing is loaded before a job or its results need it. */
export function openVertexBatchPrediction(
  registry: Registry,
  engine: JobEngine,
): { readonly route: BatchPredictionRoute; close(): Promise<void> } {
  const regions = new Map<string, VertexClients>();
  const clientFor = async (location: string): Promise<VertexJobsClient> => {
    let clients = regions.get(location);
    if (!clients) regions.set(location, (clients = new VertexClients(location)));
    return new VertexJobsClient(await clients.jobs());
  };
  return {
    route: {
      predictions: new VertexBatchPredictions({
        engine,
        storage: async () => new (await import('@google-cloud/storage')).Storage(),
        bigquery: async () => new (await import('@google-cloud/bigquery')).BigQuery(),
      }),
      runner: new VertexBatchPredictionRunner({
        modelOf: (name) => registry.model(name),
        clientFor,
        pollMs: POLL_MS,
      }),
    },
    close: async () => {
      for (const clients of regions.values()) await clients.close();
    },
  };
}
