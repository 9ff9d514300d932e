import { describe, expect, it } from 'vitest';
import type { BatchInput, BatchPredictionRequest } from '../../../batch-prediction/batch-predictions.js';
import { keyLabel, toVertexKey } from '../../../batch-prediction/vertex/job-labels.js';
import {
  eventually,
  MODEL_NAME,
  REQUEST,
  SPEC,
  SUCCEEDED,
  useBatchPredictionsOnVertex,
} from '../../support/google/vertex/batch-predictions-on-vertex.js';

describe('the creation of a batch prediction on Vertex AI', () => {
  const vertex = useBatchPredictionsOnVertex();

  it('does not create a second job when the answer to the first was lost', async () => {
    vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'UNAVAILABLE' });
    const { id } = await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    vertex.now.world.advance(name, SUCCEEDED);
    expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(vertex.now.server.callsOf('CreateBatchPredictionJob')).toHaveLength(1);
    expect(vertex.now.world.jobs.size).toBe(1);
  });

  it('finds the job of a gateway that ended before it had noted its name', async () => {
    await vertex.now.predictions.start(REQUEST);
    const { name } = await vertex.now.created();
    await vertex.now.openOtherGateway();
    const { id } = await vertex.now.predictions.start(REQUEST);
    vertex.now.world.advance(name, SUCCEEDED);
    await vertex.now.ended(id);
    expect(vertex.now.world.jobs.size).toBe(1);
  });

  describe('under a key that another gateway used before', () => {
    it.each<[string, Partial<BatchPredictionRequest>]>([
      ['input', { spec: { ...SPEC, input: { ...SPEC.input, files: ['gs://demo-files/other.jsonl'] } as BatchInput } }],
      ['output', { spec: { ...SPEC, output: { format: 'JSONL', location: 'gs://demo-files/elsewhere' } } }],
      ['parameters', { spec: { ...SPEC, parameters: { token_budget: 100 } } }],
      ['machines', { spec: { ...SPEC, resources: { ...SPEC.resources, startingReplicaCount: 1 } } }],
      ['display name', { displayName: 'July' }],
    ])('does not take over a job that was asked for with other %s', async (_, change) => {
      await vertex.now.predictions.start(REQUEST);
      await vertex.now.created();
      await vertex.now.openOtherGateway();
      const { id } = await vertex.now.predictions.start({ ...REQUEST, ...change });
      expect(await vertex.now.ended(id)).toMatchObject({
        state: 'FAILED',
        result: null,
        error: { code: 'BAD_USER_INPUT' },
      });
      expect(vertex.now.world.jobs.size).toBe(1);
    });

    it('ends as the job of that time did, also when that failed: no key starts two', async () => {
      await vertex.now.predictions.start(REQUEST);
      vertex.now.world.advance((await vertex.now.created()).name, {
        state: 'JOB_STATE_FAILED',
        error: { code: 3, message: 'No rows.' },
      });
      await vertex.now.openOtherGateway();
      const { id } = await vertex.now.predictions.start(REQUEST);
      expect(await vertex.now.ended(id)).toMatchObject({
        state: 'FAILED',
        error: { code: 'VERTEX_FAILED', message: 'No rows.' },
      });
      expect(vertex.now.world.jobs.size).toBe(1);
    });

    it('does not take over a job that does not say what was asked for', async () => {
      await vertex.now.predictions.start(REQUEST);
      const { name, labels } = await vertex.now.created();
      delete labels['featuregraph-request'];
      vertex.now.world.advance(name, SUCCEEDED);
      await vertex.now.openOtherGateway();
      const { id } = await vertex.now.predictions.start(REQUEST);
      expect(await vertex.now.ended(id)).toMatchObject({
        state: 'FAILED',
        result: null,
        error: { code: 'BAD_USER_INPUT' },
      });
      expect(vertex.now.world.jobs.size).toBe(1);
    });
  });

  it('is not created when Vertex AI does not say whether it is there, and is not said to be', async () => {
    vertex.now.server.faults.add('ListBatchPredictionJobs', { kind: 'refuse', code: 'INTERNAL' }, 1000);
    const { error } = await vertex.now.ended((await vertex.now.predictions.start(REQUEST)).id);
    expect(error).toEqual({ code: 'VERTEX_UNAVAILABLE', message: expect.stringContaining('did not take the job') });
    expect(vertex.now.server.callsOf('CreateBatchPredictionJob')).toHaveLength(0);
  });

  describe('while the lists of Vertex AI lag behind', () => {
    it('is looked for again before it would be created again', async () => {
      vertex.now.world.listsLag = 3;
      vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'DEADLINE_EXCEEDED' });
      const { id } = await vertex.now.predictions.start(REQUEST);
      vertex.now.world.advance((await vertex.now.created()).name, SUCCEEDED);
      expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
      expect(vertex.now.world.jobs.size).toBe(1);
    });

    it('is looked for again when the wish to cancel comes in the meantime', async () => {
      vertex.now.world.listsLag = 3;
      vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'DEADLINE_EXCEEDED' });
      const { id } = await vertex.now.predictions.start(REQUEST);
      const { name } = await vertex.now.created();
      await vertex.now.engine.cancel(id);
      await eventually(() => vertex.now.world.jobs.get(name).state).toBe('JOB_STATE_CANCELLING');
    });

    it('is looked for again by the process after one that was killed before it heard', async () => {
      vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'hang' });
      const { id } = await vertex.now.predictions.start(REQUEST);
      await eventually(() => vertex.now.server.callsOf('CreateBatchPredictionJob').length).toBe(1);
      // What a killed process leaves: an attempt that is counted, and no name.
      const left = await vertex.now.engine.get(id);
      await vertex.now.engine.stop();
      const store = vertex.now.openJobStore();
      await store.update(id, () => left!);
      await store.close();
      vertex.now.openEngine();
      vertex.now.world.listsLag = 3;
      await vertex.now.engine.resume();
      vertex.now.world.advance((await vertex.now.created()).name, SUCCEEDED);
      expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
      expect(vertex.now.world.jobs.size).toBe(1);
    });

    it('is the older of two in the end, and the younger is cancelled, which the log is told', async () => {
      vertex.now.world.listsLag = 8;
      vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'DEADLINE_EXCEEDED' });
      const { id } = await vertex.now.predictions.start(REQUEST);
      await eventually(() => vertex.now.world.jobs.size).toBe(2);
      const [older, younger] = [...vertex.now.world.jobs.values()];
      await eventually(async () => (await vertex.now.engine.get(id))?.checkpoint).toMatchObject({ name: younger.name });
      vertex.now.world.listsLag = 0;
      vertex.now.world.advance(younger.name, { state: 'JOB_STATE_RUNNING' });
      await eventually(() => vertex.now.world.jobs.get(younger.name).state).toBe('JOB_STATE_CANCELLING');
      vertex.now.world.advance(older.name, SUCCEEDED);
      expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED', checkpoint: { name: older.name } });
      expect(vertex.now.troubles.map(String).join()).toContain(younger.name);
    });
  });

  it('gives up creating when the service does not come back, and says so', async () => {
    vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'refuse', code: 'UNAVAILABLE' }, 9);
    const { id } = await vertex.now.predictions.start(REQUEST);
    expect(await vertex.now.ended(id)).toMatchObject({ state: 'FAILED', error: { code: 'VERTEX_UNAVAILABLE' } });
    expect(vertex.now.world.jobs.size).toBe(0);
  });

  it('says what Vertex AI refused without names of its resources', async () => {
    const spec = { ...SPEC, output: { format: 'TABLE', location: 'demo-project.d' } } as const;
    vertex.now.world.models.delete(MODEL_NAME);
    const { id } = await vertex.now.predictions.start({ ...REQUEST, spec });
    const { error } = await vertex.now.ended(id);
    expect(error).toMatchObject({ code: 'VERTEX_REFUSED' });
    expect(error?.message).toContain('does not exist');
    expect(error?.message).not.toContain('demo-project');
  });

  it.each(['INTERNAL', 'UNKNOWN', 'CANCELLED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE'] as const)(
    'takes %s after a creation for an answer that may have been lost',
    async (code) => {
      vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code });
      const { id } = await vertex.now.predictions.start(REQUEST);
      vertex.now.world.advance((await vertex.now.created()).name, SUCCEEDED);
      expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
      expect(vertex.now.world.jobs.size).toBe(1);
    },
  );

  it('finds the job of the last attempt, whose answer was lost like all before it', async () => {
    vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'refuse', code: 'UNAVAILABLE' }, 3);
    vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'UNAVAILABLE' });
    const { id } = await vertex.now.predictions.start(REQUEST);
    vertex.now.world.advance((await vertex.now.created()).name, SUCCEEDED);
    expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('says by what to look for a job that may be there, when Vertex AI does not say whether it is', async () => {
    vertex.now.server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'UNAVAILABLE' });
    // The look before the creation is answered, none after it.
    vertex.now.server.faults.add('ListBatchPredictionJobs', { kind: 'delay', ms: 0 });
    vertex.now.server.faults.add('ListBatchPredictionJobs', { kind: 'refuse', code: 'UNAVAILABLE' }, 1000);
    const job = await vertex.now.predictions.start(REQUEST);
    await vertex.now.created();
    const { error } = await vertex.now.ended(job.id);
    expect(error?.code).toBe('VERTEX_UNAVAILABLE');
    expect(error?.message).toContain(`featuregraph-key=${keyLabel(toVertexKey(job)).value}`);
  });

  it('does not give one caller the job of another who happens to use the same key', async () => {
    await vertex.now.predictions.start(REQUEST);
    await vertex.now.created();
    await vertex.now.predictions.start({ ...REQUEST, createdBy: 'another' });
    await eventually(() => vertex.now.world.jobs.size).toBe(2);
  });
});
