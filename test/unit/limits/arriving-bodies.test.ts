import { describe, expect, it } from 'vitest';
import { ArrivingBodies } from '../../../limits/arriving-bodies.js';

const LIMITS = { largeBytes: 100, maxBytes: 1_000, maxBytesOfOwner: 600 };

describe('a large body', () => {
  it('is parsed in a turn of its own, and owners are served one after the other', async () => {
    const turns: (() => void)[] = [];
    const bodies = new ArrivingBodies(LIMITS, () => new Promise((resolve) => turns.push(resolve)));
    const parsed: string[] = [];
    const send = (owner: string, name: string): void => {
      const body = bodies.open(owner);
      body.take(100);
      void body.turn()!.then(() => {
        parsed.push(name);
        body.close();
      });
    };
    for (const name of ['flood 1', 'flood 2', 'flood 3']) send('flood', name);
    send('ann', 'ann');
    const small = bodies.open('bob');
    small.take(99);
    expect(small.turn()).toBeUndefined();
    for (let count = 1; count <= 4; count += 1) {
      turns.shift()!();
      await new Promise(setImmediate);
      expect(parsed).toHaveLength(count);
    }
    expect(parsed).toEqual(['flood 1', 'ann', 'flood 2', 'flood 3']);
    expect(bodies.bytes).toBe(99);
  });

  it('is refused when its owner, or all together, have too many bytes that are not parsed', () => {
    const bodies = new ArrivingBodies(LIMITS);
    const first = bodies.open('flood');
    first.take(600);
    const second = bodies.open('flood');
    expect(() => second.take(1)).toThrow(/as many large requests/);
    const other = bodies.open('ann');
    other.take(400);
    expect(() => bodies.open('bob').take(1)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    first.close();
    first.close();
    second.take(1);
    bodies.open('bob').take(1);
    expect(bodies.bytes).toBe(402);
  });
});
