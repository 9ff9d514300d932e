import { formatInstant, type Instant } from '../../values/instant.js';
import { toElementType } from '../../values/value-type.js';
import type { ExpectedBound, ExpectedItem, FeatureExpectation } from './expectation.js';
import { MAX_MATCHED_LENGTH } from './expected-pattern.js';
import type { Feature, FeatureSource } from './model.js';

/** Longer sets would fill a message; the registry has all. */
const MAX_NAMED = 10;
/** Characters of a text of a set: the description is in an answer or a line of the quarantine for each row. */
const MAX_TEXT_LENGTH = 60;

/** Expectations of an array as a whole. */
const OF_WHOLE: readonly FeatureExpectation['kind'][] = ['ITEMS', 'NULL_SHARE'];

/** An expectation in words: "at least 0 and at most 150". It has the bounds of the registry, and never a value. */
export function describeExpectation(
  { valueType }: Pick<Feature, 'valueType'>,
  expectation: FeatureExpectation,
): string {
  const isOfItems = toElementType(valueType) !== undefined && !OF_WHOLE.includes(expectation.kind);
  const each = isOfItems ? 'each item ' : '';
  const scalar = toElementType(valueType) ?? valueType;
  const show = (bound: ExpectedBound): string =>
    scalar === 'TIMESTAMP' ? formatInstant(bound as Instant) : String(bound);
  switch (expectation.kind) {
    case 'RANGE':
      return each + between(expectation, show);
    case 'SET':
      return `${each}one of ${listItems(expectation.values, scalar === 'TIMESTAMP')}`;
    case 'PATTERN':
      return `${each}a text of at most ${MAX_MATCHED_LENGTH} characters that matches ${expectation.pattern}`;
    case 'LENGTH':
      return `${each}${between(expectation, String)} ${scalar === 'BYTES' ? 'bytes' : 'characters'} long`;
    case 'ITEMS':
      return `a list of ${between(expectation, String)} items`;
    case 'NULL_SHARE':
      return `a value in all rows but a share of at most ${expectation.max}`;
  }
}

function between<Bound>(
  { min, max }: { readonly min: Bound | null; readonly max: Bound | null },
  show: (bound: Bound) => string,
): string {
  const bounds = [
    ...(min === null ? [] : [`at least ${show(min)}`]),
    ...(max === null ? [] : [`at most ${show(max)}`]),
  ];
  return bounds.join(' and ');
}

function listItems(values: readonly ExpectedItem[], areTimes: boolean): string {
  const named = values.slice(0, MAX_NAMED).map((value) => {
    if (areTimes) return formatInstant(value as Instant);
    return typeof value === 'string' ? JSON.stringify(shorten(value)) : String(value);
  });
  const more = values.length - named.length;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length > MAX_TEXT_LENGTH ? `${characters.slice(0, MAX_TEXT_LENGTH).join('')}…` : text;
}

/** What onRepeatedTime of a source expects, in words. */
export function describeRepeatedTime({ name }: Pick<FeatureSource, 'name'>): string {
  return `one row of an entity at an event time in the source "${name}"`;
}
