import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countTurns } from '../../support/count-turns.js';
import { checkEventSize, writeAnswer } from '../../../server/write-answer.js';

const UNLIMITED = Number.MAX_SAFE_INTEGER;

describe('an answer', () => {
  it('is the text of JSON.stringify, whatever its size', async () => {
    const large = fc.tuple(fc.jsonValue(), fc.integer({ min: 1, max: 200_000 })).map(([value, length]) => ({
      data: { long: 'x'.repeat(length), list: [value, Array.from({ length: 20_000 }, () => value), undefined] },
      errors: undefined,
      extensions: { at: new Date(0), long: ['y'.repeat(length), value] },
    }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), large), async (value) => {
        expect(await writeAnswer(value, UNLIMITED)).toBe(JSON.stringify(value));
      }),
      { numRuns: 30 },
    );
  });

  it('serves other work while it is written', async () => {
    const answer = { data: Array.from({ length: 300_000 }, (_, index) => ({ name: `f${index}`, value: index })) };
    expect(await countTurns(() => writeAnswer(answer, UNLIMITED))).toBeGreaterThan(2);
  });

  it('is refused above the limit of bytes, also when one string stands under many names', async () => {
    const label = 'l'.repeat(900_000);
    const data = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`a${index}`, { label }]));
    await expect(writeAnswer({ data }, 10_000_000)).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
    expect(() => checkEventSize({ data }, 10_000_000)).toThrow(/over 10000000 bytes/);
    expect(() => checkEventSize({ data: { a0: { label } } }, 10_000_000)).not.toThrow();
  });

  it.each([20, 70_000])(
    'is refused one byte above the limit, and not at it: a name of %d characters',
    async (length) => {
      const answer = { data: { name: 'é€𝄞'.repeat(length / 2) } };
      const bytes = Buffer.byteLength(JSON.stringify(answer));
      expect(await writeAnswer(answer, bytes)).toBe(JSON.stringify(answer));
      await expect(writeAnswer(answer, bytes - 1)).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
    },
  );
});
