import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../../runtime/deadlines.js';

describe('deadlines of one length', () => {
  it('run in the order in which they began, each once', async () => {
    const deadlines = new Deadlines(20);
    const ran: number[] = [];
    for (const number of [1, 2, 3]) deadlines.start(() => ran.push(number));
    await pause(5);
    deadlines.start(() => ran.push(4));
    await expect.poll(() => ran).toEqual([1, 2, 3, 4]);
    await pause(30);
    expect(ran).toEqual([1, 2, 3, 4]);
  });

  it('do not run when they are called off, first, last or in the middle', async () => {
    const deadlines = new Deadlines(20);
    const ran: number[] = [];
    const [stopFirst, , stopMiddle, , stopLast] = [1, 2, 3, 4, 5].map((number) =>
      deadlines.start(() => ran.push(number)),
    );
    for (const stop of [stopMiddle!, stopFirst!, stopLast!, stopFirst!]) stop();
    await expect.poll(() => ran).toEqual([2, 4]);
    deadlines.start(() => ran.push(6));
    await expect.poll(() => ran).toEqual([2, 4, 6]);
  });

  it('go on when one of them begins another', async () => {
    const deadlines = new Deadlines(5);
    const ran: string[] = [];
    deadlines.start(() => {
      ran.push('one');
      deadlines.start(() => ran.push('two'));
    });
    await expect.poll(() => ran).toEqual(['one', 'two']);
  });
});
