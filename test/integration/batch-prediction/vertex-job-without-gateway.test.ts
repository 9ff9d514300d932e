import { describe, expect, it } from 'vitest';
import { toVertexKey, withKeyLabels } from '../../../batch-prediction/vertex/job-labels.js';
import { vertexJobRequest } from '../../../batch-prediction/vertex/job-request.js';
import {
  MODEL,
  REQUEST,
  SUCCEEDED,
  useBatchPredictionsOnVertex,
} from '../../support/google/vertex/batch-predictions-on-vertex.js';

describe('a batch prediction on Vertex AI that its gateway lost', () => {
  const vertex = useBatchPredictionsOnVertex();

  describe('whose model has left the registry', () => {
    it('is watched to its end all the same, in the region where it is', async () => {
      const { id } = await vertex.now.predictions.start(REQUEST);
      const { name } = await vertex.now.created();
      await vertex.now.noted(id);
      await vertex.now.engine.stop();
      vertex.now.models.clear();
      vertex.now.openEngine();
      await vertex.now.engine.resume();
      vertex.now.world.advance(name, SUCCEEDED);
      expect(await vertex.now.ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    });

    it('is found when it was created, and not created when it was not', async () => {
      vertex.now.server.faults.add('ListBatchPredictionJobs', { kind: 'hang' }, 50);
      const ids = [
        await vertex.now.predictions.start(REQUEST),
        await vertex.now.predictions.start({ ...REQUEST, idempotencyKey: 'other' }),
      ];
      await vertex.now.engine.stop();
      vertex.now.server.faults.clear();
      vertex.now.models.clear();
      const { displayName, labels, spec } = ids[0]!;
      const asked = vertexJobRequest({ displayName: displayName!, labels, model: MODEL, spec });
      vertex.now.world.advance(vertex.now.world.add(withKeyLabels(asked, toVertexKey(ids[0]!))), SUCCEEDED);
      vertex.now.openEngine();
      await vertex.now.engine.resume();
      expect(await vertex.now.ended(ids[0]!.id)).toMatchObject({ state: 'SUCCEEDED' });
      expect(await vertex.now.ended(ids[1]!.id)).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_NOT_FOUND' } });
      expect(vertex.now.server.callsOf('CreateBatchPredictionJob')).toHaveLength(0);
    });

    it('is not tried again: that is refused at once', async () => {
      const { id } = await vertex.now.predictions.start(REQUEST);
      const { name } = await vertex.now.created();
      vertex.now.world.advance(name, { ...SUCCEEDED, completionStats: { successfulCount: '2', failedCount: '1' } });
      const job = (await vertex.now.ended(id)) as Awaited<ReturnType<typeof vertex.now.predictions.start>>;
      vertex.now.models.clear();
      const retry = vertex.now.predictions.retryFailed(job, { createdBy: null, idempotencyKey: null });
      await expect(retry).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', details: { field: 'job' } });
    });
  });

  describe('that is given up, since its process ended too often', () => {
    /** The next process finds it taken up as often as a job may be, with or without a note of its name. */
    const takenUpTooOften = async (id: string, isNameKnown: boolean): Promise<void> => {
      await vertex.now.engine.stop();
      const store = vertex.now.openJobStore();
      await store.update(id, (job) => ({ ...job, attempts: 1000, ...(isNameKnown ? {} : { checkpoint: null }) }));
      await store.close();
      vertex.now.openEngine();
      await vertex.now.engine.resume();
    };

    it.each([true, false])('is ended on Vertex AI too (its name noted: %s)', async (isNameKnown) => {
      const { id } = await vertex.now.predictions.start(REQUEST);
      const { name } = await vertex.now.created();
      await vertex.now.noted(id);
      vertex.now.world.advance(name, { resourcesConsumed: { replicaHours: 0.25 } });
      await takenUpTooOften(id, isNameKnown);
      const job = await vertex.now.ended(id);
      expect(job).toMatchObject({ state: 'FAILED', error: { code: 'GIVEN_UP' }, result: { replicaHours: 0.25 } });
      expect(vertex.now.world.jobs.get(name).state).toBe('JOB_STATE_CANCELLING');
    });

    it('says so and by what to look for it when Vertex AI does not confirm that', async () => {
      const { id } = await vertex.now.predictions.start(REQUEST);
      const { name } = await vertex.now.created();
      await vertex.now.noted(id);
      vertex.now.server.faults.add('CancelBatchPredictionJob', { kind: 'refuse', code: 'UNAVAILABLE' }, 100);
      await takenUpTooOften(id, true);
      const { error } = await vertex.now.ended(id);
      expect(error?.code).toBe('GIVEN_UP');
      expect(error?.message).toContain('did not confirm');
      const { labels } = vertex.now.world.jobs.get(name);
      expect(error?.message).toContain(`featuregraph-key=${labels['featuregraph-key']}`);
    });

    it('has ended on Vertex AI: what it wrote is still to be read', async () => {
      const { id } = await vertex.now.predictions.start(REQUEST);
      const { name } = await vertex.now.created();
      await vertex.now.noted(id);
      await vertex.now.engine.stop();
      vertex.now.world.advance(name, SUCCEEDED);
      vertex.now.openEngine();
      await takenUpTooOften(id, true);
      expect(await vertex.now.ended(id)).toMatchObject({
        error: { code: 'GIVEN_UP' },
        result: { predictions: SUCCEEDED.outputInfo.gcsOutputDirectory },
      });
      expect(vertex.now.world.jobs.get(name).state).toBe('JOB_STATE_SUCCEEDED');
    });
  });
});
