import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../runtime/fair-queue.js';
import { mapInTurns, Turns } from '../../../runtime/turns.js';

describe('turns', () => {
  it('let a loop go on while the turn has time', () => {
    let now = 0;
    const turns = new Turns(10, () => now);
    expect(turns.take()).toBeUndefined();
    now = 9;
    expect(turns.take()).toBeUndefined();
  });

  it('let the event loop serve others when the turn is over', async () => {
    let now = 0;
    const turns = new Turns(10, () => now);
    expect(turns.take()).toBeUndefined();
    now = 10;
    const order: string[] = [];
    const turn = turns.take();
    expect(turn).toBeInstanceOf(Promise);
    setImmediate(() => order.push('another request'));
    // The first immediate starts the turn, so the other request is served at the latest before the next turn.
    await turn;
    order.push('first turn');
    now = 30;
    await turns.take();
    order.push('second turn');
    expect(order).toEqual(['first turn', 'another request', 'second turn']);
  });

  it('go to the loops in the order in which they waited, one at a time', async () => {
    const turns = new Turns(0);
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3].map(async (loop) => {
        for (let step = 0; step < 3; step += 1) {
          await turns.next();
          order.push(loop);
        }
      }),
    );
    expect(order).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it('do not change what a loop computes', async () => {
    const items = Array.from({ length: 1000 }, (_, index) => index);
    expect(await mapInTurns(items, (item, index) => item * 2 + index)).toEqual(items.map((item) => item * 3));
  });
});

describe('a fair queue', () => {
  it('serves owners in turn, and the items of one owner in order', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3']) queue.push('a', item);
    queue.push('b', 'b1');
    queue.push('c', 'c1');
    expect(queue.size).toBe(5);
    expect([1, 2, 3, 4, 5].map(() => queue.shift())).toEqual(['a1', 'b1', 'c1', 'a2', 'a3']);
    expect(queue.shift()).toBeUndefined();
    expect(queue.size).toBe(0);
  });

  it('forgets an item that no longer waits', () => {
    const queue = new FairQueue<string>();
    queue.push('a', 'a1');
    queue.push('a', 'a2');
    expect(queue.remove('a', 'a1')).toBe(true);
    expect(queue.remove('a', 'a1')).toBe(false);
    expect(queue.peek()).toBe('a2');
    expect(queue.sizeOf('a')).toBe(1);
  });
});
