import { expect, it } from 'vitest';
import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';

const ITEMS = [1, 2, 3, 4, 5, 6, 7];

it('runs each item once, and no more at a time than the limit', async () => {
  const done: number[] = [];
  let underWay = 0;
  let most = 0;
  await forEachConcurrent(ITEMS, 3, async (item) => {
    most = Math.max(most, (underWay += 1));
    await new Promise(setImmediate);
    underWay -= 1;
    done.push(item);
  });
  expect([done, most, underWay]).toEqual([ITEMS, 3, 0]);
});

it('fails with the first failure, begins nothing after it, and leaves nothing under way', async () => {
  const begun: number[] = [];
  const done: number[] = [];
  const failing = forEachConcurrent(ITEMS, 3, async (item) => {
    begun.push(item);
    if (item === 2) throw new Error('of 2');
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    done.push(item);
  });
  await expect(failing).rejects.toThrow('of 2');
  expect([begun, done]).toEqual([
    [1, 2, 3],
    [1, 3],
  ]);
});

it('has nothing to do without items', async () => {
  await forEachConcurrent([], 3, () => Promise.reject(new Error('never')));
});
