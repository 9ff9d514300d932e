import { describe, expect, it } from 'vitest';
import type { BatchInput, BatchPredictionSpec } from '../../../batch-prediction/batch-predictions.js';
import { REQUEST, SPEC, useBatchPredictionsOnVertex } from '../../support/google/vertex/batch-predictions-on-vertex.js';

const TABLE: BatchInput = { kind: 'TABLE', table: 'demo-project.work.instances' };
const INSTANCES = { format: null, keyField: null, includedFields: [], excludedFields: [] };

describe('the input of a batch prediction on Vertex AI', () => {
  const vertex = useBatchPredictionsOnVertex();

  it.each<[string, Partial<BatchPredictionSpec>, object | null, object]>([
    [
      'rows as lists, by a key, of some columns',
      { input: TABLE, instances: { ...INSTANCES, format: 'ARRAY', keyField: 'id', includedFields: ['a', 'b'] } },
      { instanceType: 'array', keyField: 'id', includedFields: ['a', 'b'], excludedFields: [] },
      { instancesFormat: 'bigquery' },
    ],
    [
      'JSON lines without a column',
      { instances: { ...INSTANCES, excludedFields: ['note'] } },
      { instanceType: '', keyField: '', includedFields: [], excludedFields: ['note'] },
      { instancesFormat: 'jsonl' },
    ],
    ...(['TF_RECORD', 'TF_RECORD_GZIP', 'FILE_LIST'] as const).map(
      (format): [string, Partial<BatchPredictionSpec>, null, object] => [
        format,
        { input: { kind: 'INSTANCE_FILES', files: ['gs://demo-files/in'], format } },
        null,
        { instancesFormat: format.toLowerCase().replaceAll('_', '-'), gcsSource: { uris: ['gs://demo-files/in'] } },
      ],
    ),
    [
      'CSV',
      { input: { kind: 'FILES', files: ['gs://demo-files/in.csv'], format: 'CSV' } },
      null,
      { instancesFormat: 'csv' },
    ],
  ])('reads %s', async (_title, spec, instanceConfig, inputConfig) => {
    await vertex.now.start({}, spec);
    expect(await vertex.now.created()).toMatchObject({ instanceConfig, inputConfig });
  });

  it.each<[string, Partial<BatchPredictionSpec>, string]>([
    [
      'lists of both kinds',
      { input: TABLE, instances: { ...INSTANCES, includedFields: ['a'], excludedFields: ['b'] } },
      'instances.excludedFields',
    ],
    [
      'a key that is part of the instance',
      { input: TABLE, instances: { ...INSTANCES, keyField: 'a', includedFields: ['a'] } },
      'instances.keyField',
    ],
    [
      'columns of files without columns',
      { input: { kind: 'INSTANCE_FILES', files: ['gs://demo-files/in'], format: 'FILE_LIST' }, instances: INSTANCES },
      'instances',
    ],
    [
      'instance files on this machine',
      { input: { kind: 'INSTANCE_FILES', files: ['in'], format: 'TF_RECORD' } },
      'input.instanceFiles.paths[0]',
    ],
  ])('refuses %s before anything is created', async (_title, spec, field) => {
    await expect(vertex.now.start({}, spec)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
    expect(vertex.now.server.calls).toEqual([]);
  });

  it.each<[string, string, Partial<BatchPredictionSpec>, string | null]>([
    ['the region of the model', 'EUROPE-WEST4', {}, null],
    ['the multi-region of the model', 'EU', {}, null],
    ['a dual region', 'EUR4', {}, null],
    ['another multi-region', 'US', {}, 'input.files.paths[0]'],
    ['another region', 'US-CENTRAL1', {}, 'input.files.paths[0]'],
    ['another region, for the output of a table', 'US-CENTRAL1', { input: TABLE }, 'output.location'],
  ])(
    'compares the locations of input, output and model before the start: %s',
    async (_title, location, spec, field) => {
      vertex.now.storage.locations.set('demo-files', location);
      const started = vertex.now.start({}, spec);
      if (field === null) await started;
      else {
        await expect(started).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          message: expect.stringMatching(/europe-west4/),
          details: { field },
        });
        expect(vertex.now.server.calls).toEqual([]);
      }
    },
  );

  it.each<[string, BatchInput, string]>([
    [
      'files',
      { kind: 'FILES', files: ['gs://demo-files/a.jsonl', 'gs://far-files/b.jsonl'], format: 'JSONL' },
      'input.files.paths[1]',
    ],
    [
      'instance files',
      {
        kind: 'INSTANCE_FILES',
        files: ['gs://demo-files/a', 'gs://demo-files/b', 'gs://far-files/c'],
        format: 'TF_RECORD',
      },
      'input.instanceFiles.paths[2]',
    ],
  ])('compares the location of each bucket of %s, not of the first alone', async (_title, input, field) => {
    vertex.now.storage.locations.set('demo-files', 'EUROPE-WEST4').set('far-files', 'US-CENTRAL1');
    await expect(vertex.now.start({}, { input })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
    expect(vertex.now.server.calls).toEqual([]);
    vertex.now.storage.locations.set('far-files', 'EU');
    await vertex.now.start({}, { input });
  });

  it('refuses a table in another location than the model, also in an estimate', async () => {
    const spec: BatchPredictionSpec = { ...SPEC, input: { kind: 'TABLE', table: 'demo-project.far_away.instances' } };
    for (const refused of [
      vertex.now.predictions.start({ ...REQUEST, spec }),
      vertex.now.predictions.work({ ...REQUEST, spec }),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'input.table' } });
    }
  });

  it('reads CSV files, to whose lines no instance type applies', async () => {
    await vertex.now.predictions.start({
      ...REQUEST,
      spec: { ...SPEC, input: { kind: 'FILES', files: ['gs://demo-files/a.csv'], format: 'CSV' } },
    });
    expect(await vertex.now.created()).toMatchObject({
      inputConfig: { instancesFormat: 'csv', gcsSource: { uris: ['gs://demo-files/a.csv'] } },
      instanceConfig: null,
    });
  });
});
