import { expect, it } from 'vitest';
import { isHealthy } from '../../../serving/store-health.js';

it('is what the store says, and no for one that cannot say', async () => {
  expect(await isHealthy({ isHealthy: async () => true })).toBe(true);
  expect(await isHealthy({ isHealthy: async () => false })).toBe(false);
  expect(await isHealthy({ isHealthy: async () => Promise.reject(new Error('no credentials')) })).toBe(false);
});

it('is no for a store that does not answer in time, which is asked once until it does', async () => {
  let questions = 0;
  const answers = Promise.withResolvers<boolean>();
  const store = {
    isHealthy: () => {
      questions += 1;
      return answers.promise;
    },
  };
  expect(await Promise.all([isHealthy(store, 1), isHealthy(store, 1)])).toEqual([false, false]);
  expect(await isHealthy(store, 1)).toBe(false);
  expect(questions).toBe(1);
  answers.resolve(true);
  expect(await isHealthy(store, 60_000)).toBe(true);
  await answers.promise;
  expect(await isHealthy(store, 60_000)).toBe(true);
  expect(questions).toBe(2);
});
