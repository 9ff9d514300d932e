import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Instance,
  ModelServing,
  PredictionOutcome,
  Predictor,
} from '../../batch-prediction/models/model-serving.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { AppError } from '../../errors/app-error.js';

/** What a serving is tested with. Every model of it has inputs a and b and the output y = 2a + 3b - 1. */
export interface ServingSubject {
  readonly serving: ModelServing;
  readonly model: Model;
  /** Answers after every deadline. */
  readonly slow: Model;
  /** Cannot be loaded or reached; `secret` is where it is. */
  readonly broken: Model;
  readonly secret: string;
  dispose(): Promise<void>;
}

const y = (value: number): PredictionOutcome => ({ kind: 'prediction', prediction: { y: value } });
const never = new AbortController().signal;

/** What every adapter of ModelServing must keep. */
export function describeModelServing(name: string, make: () => Promise<ServingSubject>): void {
  describe(`${name} serves models`, () => {
    let subject: ServingSubject;
    let predictor: Predictor;
    beforeAll(async () => {
      subject = await make();
      predictor = await subject.serving.open(subject.model, { parallelism: 3 });
    });
    afterAll(async () => {
      await predictor.close();
      await subject.dispose();
    });
    const predict = (instances: readonly Instance[]) =>
      predictor.predict({ instances, parameters: null, signal: never });

    it('gives one outcome an instance, in order', async () => {
      const instances = Array.from({ length: 100 }, (_, a) => ({ a, b: -a / 2 }));
      expect(await predict(instances)).toEqual(instances.map(({ a, b }) => y(2 * a + 3 * b - 1)));
    });

    it('reports an instance that lacks an input, and predicts the others', async () => {
      const [good, isNull, absent, alsoGood] = await predict([
        { a: 1, b: 1 },
        { a: 1, b: null },
        { b: 1 },
        { a: 0, b: 0 },
      ]);
      expect([good, alsoGood]).toEqual([y(4), y(-1)]);
      expect(isNull).toEqual({ kind: 'failure', code: 'MISSING_INPUT', message: 'The input "b" is null or absent.' });
      expect(absent).toMatchObject({ code: 'MISSING_INPUT', message: expect.stringContaining('"a"') as string });
    });

    it('reports an instance with a value of another type', async () => {
      const [bad, good] = await predict([
        { a: 'one', b: 1 },
        { a: 1, b: 1 },
      ]);
      expect(bad).toMatchObject({
        kind: 'failure',
        code: 'INVALID_INPUT',
        message: expect.stringContaining('"a"') as string,
      });
      expect(good).toEqual(y(4));
    });

    it('has an outcome for a batch in which every instance is bad', async () => {
      expect(await predict([{ a: null, b: null }, {}])).toMatchObject([
        { code: 'MISSING_INPUT' },
        { code: 'MISSING_INPUT' },
      ]);
    });

    it('takes integers for DOUBLE, and columns the model does not name', async () => {
      expect(await predict([{ a: 2n, b: 1n, other: 'text', time: 1_000_000_000_000_000n }])).toEqual([y(6)]);
    });

    it('gives NaN and infinities as the numbers they are', async () => {
      expect(
        await predict([
          { a: Infinity, b: 0 },
          { a: NaN, b: 0 },
          { a: -Infinity, b: 0 },
        ]),
      ).toEqual([y(Infinity), y(NaN), y(-Infinity)]);
    });

    it('uses the default of an input for a missing value', async () => {
      const [a, b] = subject.model.inputs;
      const model: Model = { ...subject.model, inputs: [a!, { ...b!, default: 10 }] };
      const withDefault = await subject.serving.open(model, { parallelism: 1 });
      const instances = [{ a: 1 }, { a: 1, b: 0 }];
      expect(await withDefault.predict({ instances, parameters: null, signal: never })).toEqual([y(31), y(1)]);
      await withDefault.close();
    });

    it('keeps batches apart that run at once', async () => {
      const batches = Array.from({ length: 20 }, (_, batch) => [
        { a: batch, b: 0 },
        { a: 0, b: batch },
      ]);
      const outcomes = await Promise.all(batches.map(predict));
      expect(outcomes).toEqual(batches.map((_, batch) => [y(2 * batch - 1), y(3 * batch - 1)]));
    });

    it('rejects a batch whose signal is aborted, before and while it runs, and goes on', async () => {
      const slow = await subject.serving.open(subject.slow, { parallelism: 1 });
      const instances = Array.from({ length: 64 }, () => ({ a: 1, b: 1 }));
      const reason = new Error('cancelled by a test');
      await expect(slow.predict({ instances, parameters: null, signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      );

      const controller = new AbortController();
      const running = slow.predict({ instances, parameters: null, signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      await expect(running).rejects.toBe(reason);
      await slow.close();
      expect(await predict([{ a: 1, b: 1 }])).toEqual([y(4)]);
    });

    it('refuses batches once closed', async () => {
      const closed = await subject.serving.open(subject.model, { parallelism: 2 });
      await closed.close();
      await expect(closed.predict({ instances: [{ a: 1, b: 1 }], parameters: null, signal: never })).rejects.toThrow(
        /closed/,
      );
    });

    it('says that a model is unavailable without saying where it is', async () => {
      const error = await subject.serving.open(subject.broken, { parallelism: 1 }).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({
        code: 'MODEL_UNAVAILABLE',
        message: expect.stringContaining('"broken"') as string,
      });
      expect(JSON.stringify([(error as AppError).message, (error as AppError).details])).not.toContain(subject.secret);
    });
  });
}
