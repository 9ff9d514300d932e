import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countValues, countWrittenValues } from '../../../server/answer-size.js';

it('has the same count of values for an answer and for its JSON', async () => {
  const text = fc.string({ unit: fc.constantFrom('"', '\\', '{', ',', 'a', 'é', '\n') });
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, -1.5e30),
      text,
      fc.array(tie('value')),
      fc.dictionary(text, tie('value')),
    ),
  })).value;
  await fc.assert(
    fc.asyncProperty(value, async (answer) => {
      expect(await countWrittenValues(JSON.stringify(answer))).toBe(await countValues(answer));
    }),
  );
});
