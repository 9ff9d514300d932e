import { credentials } from '@grpc/grpc-js';
import { PassThroughClient } from 'google-auth-library';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { loadConfig } from '../../../config/load-config.js';
import { startGateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { startCloudStorageServer } from '../../support/google/cloud-storage-server.js';
import { BatchPredictionWorld } from '../../support/google/vertex/batch-prediction-jobs.js';
import { startVertexServer } from '../../support/google/vertex-server.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const PLACE = { project: 'demo-project', location: 'europe-west4' };
const MODEL = `projects/${PLACE.project}/locations/${PLACE.location}/models/churn`;
const FIELD = { name: 'orders', valueType: 'DOUBLE' };

/** A model of the registry that says how its predictions are explained. */
const REGISTRY = {
  featurestores: [{ name: 'shop', entityTypes: [{ name: 'customer', sources: [{ features: [FIELD] }] }] }],
  models: [
    {
      name: 'churn',
      vertex: {
        ...PLACE,
        model: 'churn',
        serviceAccount: 'churn@demo-project.iam.gserviceaccount.com',
        explanation: { method: 'SAMPLED_SHAPLEY', count: 5 },
      },
      inputs: [FIELD],
      outputs: [{ name: 'probability', valueType: 'DOUBLE' }],
    },
  ],
};

/** A line of the output, as Vertex AI writes it for a job with explanations. */
const LINE = {
  instance: { orders: 3 },
  prediction: { probability: 0.7 },
  explanation: {
    attributions: [
      {
        baselineOutputValue: 0.2,
        instanceOutputValue: 0.7,
        featureAttributions: { orders: 0.5 },
        outputIndex: [-1],
        approximationError: 0.01,
        outputName: 'probability',
      },
    ],
  },
};

const START = `mutation ($input: StartBatchPredictionInput!) {
  startBatchPrediction(input: $input) { job { id } userErrors { field message } } }`;
const RESULTS = `query ($id: ID!) {
  job(id: $id) { state ... on BatchPredictionJob {
    instances { format keyField includedFields excludedFields }
    predictions { nodes { prediction attributions {
      outputName outputIndex baselineOutputValue instanceOutputValue approximationError featureAttributions } } } } } }`;

it('explains predictions on Vertex AI, from the request to the attributions of each input', async () => {
  const world = new BatchPredictionWorld(PLACE, new Set([MODEL]));
  const server = await startVertexServer(PLACE, world.services());
  const storage = await startCloudStorageServer('demo-files');
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), JSON.stringify(REGISTRY));
  vi.stubEnv('FEATUREGRAPH_REGISTRY', join(folder, 'registry.yaml'));
  vi.stubEnv('FEATUREGRAPH_DATA_DIR', join(folder, 'data'));
  vi.stubEnv('PORT', '0');
  const gateway = await startGateway({
    config: loadConfig(),
    logger: createLogger('silent'),
    onPrepare: () => undefined,
    google: {
      vertex: { ...server.clientOptions, sslCreds: credentials.createInsecure() },
      vertexJobs: {
        pollMs: { first: 20, longest: 200 },
        callPolicy: { attemptMs: 10_000, totalMs: 30_000, retries: 4, pauseMs: 50 },
        createPolicy: { creations: 4, maxLookups: 4, pauseMs: 20 },
      },
      storage: { apiEndpoint: storage.apiEndpoint, projectId: PLACE.project, authClient: new PassThroughClient() },
    },
  });
  onTestFinished(async () => {
    await gateway.stop();
    await storage.stop();
    server.stop();
    vi.unstubAllEnvs();
  });
  const ask = async (query: string, variables: object): Promise<any> => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as any;
    expect(errors).toBeUndefined();
    return data;
  };
  const instances = { keyField: 'customer_id', excludedFields: ['note'] };
  const input = {
    displayName: 'Why',
    model: 'churn',
    input: { files: { paths: ['gs://demo-files/in.jsonl'] } },
    instances,
    output: { format: 'JSONL', location: 'gs://demo-files/out' },
    generateExplanation: true,
  };
  const { startBatchPrediction } = await ask(START, { input });
  expect(startBatchPrediction.userErrors).toEqual([]);
  const { id } = startBatchPrediction.job;

  await expect.poll(() => world.jobs.size, { timeout: 30_000 }).toBe(1);
  const [[name, job]] = [...world.jobs] as [[string, any]];
  expect(job).toMatchObject({
    serviceAccount: 'churn@demo-project.iam.gserviceaccount.com',
    instanceConfig: { keyField: 'customer_id', excludedFields: ['note'] },
    generateExplanation: true,
    explanationSpec: { parameters: { sampledShapleyAttribution: { pathCount: 5 } } },
  });
  storage.objects.set('out/prediction-1/prediction.results-00000-of-00001', `${JSON.stringify(LINE)}\n`);
  world.advance(name, {
    state: 'JOB_STATE_SUCCEEDED',
    completionStats: { successfulCount: '1', failedCount: '0', incompleteCount: '0' },
    outputInfo: { gcsOutputDirectory: 'gs://demo-files/out/prediction-1', output_location: 'gcsOutputDirectory' },
  });
  const result = () => ask(RESULTS, { id }).then(({ job: found }) => found);
  await expect.poll(async () => (await result()).state, { timeout: 30_000 }).toBe('SUCCEEDED');
  expect(await result()).toEqual({
    state: 'SUCCEEDED',
    instances: { format: null, keyField: 'customer_id', includedFields: [], excludedFields: ['note'] },
    predictions: {
      nodes: [{ prediction: { probability: 0.7 }, attributions: LINE.explanation.attributions }],
    },
  });
});
