import { describe, expect, it } from 'vitest';
import type { BatchPredictionSpec } from '../../../batch-prediction/batch-predictions.js';
import { keyLabel, toVertexKey } from '../../../batch-prediction/vertex/job-labels.js';
import {
  CONTAINER,
  MODEL_NAME,
  REQUEST,
  SPEC,
  useBatchPredictionsOnVertex,
} from '../../support/google/vertex/batch-predictions-on-vertex.js';

const explained = { resources: { ...SPEC.resources, generateExplanation: true } };

describe('the request of a batch prediction on Vertex AI', () => {
  const vertex = useBatchPredictionsOnVertex();

  it('asks for everything the client asked for', async () => {
    const label = keyLabel(toVertexKey(await vertex.now.predictions.start(REQUEST)));
    expect(await vertex.now.created()).toMatchObject({
      displayName: 'June',
      model: MODEL_NAME,
      labels: { team: 'operations', [label.name]: label.value },
      inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: ['gs://demo-files/flights.jsonl'] } },
      outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: 'gs://demo-files/predictions' } },
      // Lines of JSON go to the model as they are.
      instanceConfig: null,
      generateExplanation: false,
      dedicatedResources: {
        machineSpec: { machineType: 'n1-standard-8', acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 1 },
        startingReplicaCount: 5,
        maxReplicaCount: 5,
      },
      manualBatchTuningParameters: { batchSize: 8 },
      modelParameters: {
        structValue: {
          fields: {
            token_budget: { numberValue: 200 },
            modes: { listValue: { values: [{ stringValue: 'a' }, { nullValue: 'NULL_VALUE' }, { boolValue: true }] } },
          },
        },
      },
    });
  });

  it.each([
    [
      'a Parquet file',
      { input: { kind: 'FILES', files: ['gs://demo-files/a.parquet'], format: 'PARQUET' } },
      'input.format',
    ],
    ['a file on this machine', { input: { kind: 'FILES', files: ['a.jsonl'], format: 'JSONL' } }, 'input.files'],
    ['a table without its dataset', { input: { kind: 'TABLE', table: 'flights' } }, 'input.table'],
    ['a training set on this machine', { input: { kind: 'TRAINING_SET', job: '1' } }, 'input.trainingSetJob'],
    ['PARQUET to write', { output: { format: 'PARQUET', location: 'gs://demo-files/predictions' } }, 'output.format'],
    ['a place to write that is no gs:// address', { output: { format: 'JSONL', location: 'out' } }, 'output.location'],
    [
      'accelerators of no kind',
      { resources: { ...SPEC.resources, acceleratorType: null, acceleratorCount: 2 } },
      'acceleratorCount',
    ],
    ['no place to write to', { output: { format: 'JSONL', location: null } }, 'output.location'],
    ['a whole project to write to', { output: { format: 'TABLE', location: 'demo-project' } }, 'output.location'],
    [
      'an accelerator there is none of',
      { resources: { ...SPEC.resources, acceleratorType: 'ABACUS' } },
      'acceleratorType',
    ],
    ...(
      [
        ['no machine type', { machineType: 'banana' }, 'machineType'],
        ['a size that there is not', { machineType: 'n1-standard-5' }, 'machineType'],
        ['a machine that comes with others', { machineType: 'g2-standard-8' }, 'acceleratorType'],
        ['a machine that takes none', { machineType: 'e2-standard-4' }, 'acceleratorType'],
        ['three of them', { acceleratorCount: 3 }, 'acceleratorCount'],
      ] as const
    ).map(([what, change, field]): [string, object, string] => [
      `a T4 with ${what}`,
      { resources: { ...SPEC.resources, ...change } },
      field,
    ]),
  ])('refuses %s before anything is created', async (_, change, field) => {
    const request = { ...REQUEST, spec: { ...SPEC, ...(change as Partial<BatchPredictionSpec>) } };
    await expect(vertex.now.predictions.start(request)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field },
    });
    expect(vertex.now.server.calls).toEqual([]);
  });

  it('sends the account, the key, the reservation, the logging and the explanation that the registry says', async () => {
    const kmsKey = 'projects/demo-project/locations/europe-west4/keyRings/ring/cryptoKeys/key';
    const reservations = ['projects/demo-project/zones/europe-west4-a/reservations/gpus'];
    await vertex.now.start(
      {
        serviceAccount: 'model@demo-project.iam.gserviceaccount.com',
        kmsKey,
        disableContainerLogging: true,
        reservation: { kind: 'SPECIFIC', reservations },
        explanation: { method: 'SAMPLED_SHAPLEY', count: 25, topK: 1 },
      },
      explained,
    );
    expect(await vertex.now.created()).toMatchObject({
      model: MODEL_NAME,
      serviceAccount: 'model@demo-project.iam.gserviceaccount.com',
      encryptionSpec: { kmsKeyName: kmsKey },
      disableContainerLogging: true,
      dedicatedResources: {
        machineSpec: {
          reservationAffinity: {
            reservationAffinityType: 'SPECIFIC_RESERVATION',
            key: 'compute.googleapis.com/reservation-name',
            values: reservations,
          },
        },
      },
      generateExplanation: true,
      explanationSpec: { parameters: { sampledShapleyAttribution: { pathCount: 25 }, topK: 1 } },
    });
  });

  it('says nothing of an explanation where the job asks for none', async () => {
    await vertex.now.start({ explanation: { method: 'XRAI', count: 10, topK: null } });
    expect(await vertex.now.created()).toMatchObject({ generateExplanation: false, explanationSpec: null });
  });

  it('runs a container that is not in the model registry, in the location of the registry', async () => {
    await vertex.now.start({ container: CONTAINER }, {}, 'projects/demo-project/locations/europe-west4');
    expect(await vertex.now.created()).toMatchObject({
      name: expect.stringMatching(/^projects\/demo-project\/locations\/europe-west4\/batchPredictionJobs\//),
      model: '',
      unmanagedContainerModel: {
        artifactUri: 'gs://demo-files/model',
        containerSpec: {
          imageUri: CONTAINER.image,
          args: ['--threads=4'],
          env: [{ name: 'LEVEL', value: 'info' }],
          ports: [{ containerPort: 8080 }],
          predictRoute: '/predict',
          healthRoute: '/health',
        },
      },
    });
  });

  it.each([
    ['an AutoML model', MODEL_NAME],
    ['a model of a publisher', 'projects/demo-project/locations/europe-west4/publishers/google/models/text-1'],
  ])('names no machines for %s, and refuses them', async (_title, location) => {
    vertex.now.world.automaticModels.add(location);
    const none = { ...SPEC.resources, machineType: null, acceleratorType: null, acceleratorCount: null };
    await expect(vertex.now.start({ machines: 'AUTOMATIC' }, {}, location)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'machineType' },
    });
    await vertex.now.start({ machines: 'AUTOMATIC' }, { resources: none }, location);
    expect(await vertex.now.created()).toMatchObject({
      model: location,
      dedicatedResources: null,
      manualBatchTuningParameters: null,
    });
  });

  it('refuses a display name that Vertex AI does not take', async () => {
    const started = vertex.now.predictions.start({ ...REQUEST, displayName: 'x'.repeat(129) });
    await expect(started).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'displayName' } });
  });

  it('refuses explanations of a container without a method of explanation', async () => {
    const started = vertex.now.start(
      { container: CONTAINER },
      explained,
      'projects/demo-project/locations/europe-west4',
    );
    await expect(started).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'generateExplanation' } });
  });

  it.each([
    ['no name', { displayName: ' ' }, 'displayName'],
    ['a label of ours', { labels: { 'featuregraph-key': 'x' } }, 'labels'],
    ['the other label of ours', { labels: { 'featuregraph-request': 'x' } }, 'labels'],
    ['a label that Vertex AI does not take', { labels: { Team: 'x' } }, 'labels'],
    [
      'more labels than Vertex AI keeps',
      { labels: Object.fromEntries(Array.from({ length: 63 }, (_, n) => [`l${n}`, 'x'])) },
      'labels',
    ],
  ])('refuses a job with %s before anything is created', async (_, change, field) => {
    const started = vertex.now.predictions.start({ ...REQUEST, ...change });
    await expect(started).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
    expect(vertex.now.server.calls).toEqual([]);
  });

  it('asks for a table in, a table out, explanations and the usual machine', async () => {
    await vertex.now.predictions.start({
      ...REQUEST,
      labels: Object.fromEntries(Array.from({ length: 62 }, (_, n) => [`l${n}`, 'x'])),
      spec: {
        ...SPEC,
        input: { kind: 'TABLE', table: 'demo-project.work.instances' },
        output: { format: 'TABLE', location: 'demo-project.work' },
        parameters: null,
        resources: {
          machineType: null,
          acceleratorType: null,
          acceleratorCount: null,
          startingReplicaCount: 2,
          maxReplicaCount: 7,
          batchSize: 64,
          generateExplanation: true,
        },
      },
    });
    expect(await vertex.now.created()).toMatchObject({
      inputConfig: { instancesFormat: 'bigquery', bigquerySource: { inputUri: 'bq://demo-project.work.instances' } },
      instanceConfig: { instanceType: 'object', excludedFields: [] },
      outputConfig: { predictionsFormat: 'bigquery', bigqueryDestination: { outputUri: 'bq://demo-project.work' } },
      modelParameters: null,
      generateExplanation: true,
      dedicatedResources: {
        machineSpec: { machineType: 'n1-standard-4', acceleratorType: 'ACCELERATOR_TYPE_UNSPECIFIED' },
        startingReplicaCount: 2,
        maxReplicaCount: 7,
      },
      manualBatchTuningParameters: { batchSize: 64 },
    });
  });
});
