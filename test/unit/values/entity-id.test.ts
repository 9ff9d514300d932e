import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../errors/app-error.js';
import { canonicalEntityId, decodeEntityId, encodeEntityId } from '../../../values/entity-id.js';

const part = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('', ',', '%', '%2C', '%25', '1', '11'));

describe('an entity id', () => {
  it('of one column is the value as it stands', () => {
    expect(encodeEntityId(['50%,a'])).toBe('50%,a');
    expect(decodeEntityId('50%,a', ['id'])).toEqual(['50%,a']);
  });

  it('of several columns says each of them, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 4 }), (parts) => {
        expect(decodeEntityId(encodeEntityId(parts), parts)).toEqual(parts);
      }),
    );
  });

  it('never is that of other parts', () => {
    fc.assert(
      fc.property(fc.tuple(part, part), fc.tuple(part, part), (one, other) => {
        fc.pre(one[0] !== other[0] || one[1] !== other[1]);
        expect(encodeEntityId(one)).not.toBe(encodeEntityId(other));
      }),
    );
  });

  it('has one spelling', () => {
    expect(canonicalEntityId('a%2cb,c', ['x', 'y'])).toBe('a%2Cb,c');
    expect(canonicalEntityId('50%,c', ['x', 'y'])).toBe('50%25,c');
  });

  it.each([
    ['', ['id']],
    ['x'.repeat(1501), ['id']],
    ['\ud800', ['id']],
    ['a,\udc00', ['x', 'y']],
    ['ü'.repeat(751), ['id']],
    ['a', ['x', 'y']],
    ['a,b,c', ['x', 'y']],
  ])('%s is refused for columns %s', (entityId, columns) => {
    expect(() => decodeEntityId(entityId, columns)).toThrow(AppError);
  });
});
