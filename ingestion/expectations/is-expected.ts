import { countCharacters } from '../../values/count-characters.js';
import { toElementType, type RawValue } from '../../values/value-type.js';
import type { ExpectedBound, ExpectedItem, FeatureExpectation } from '../../datasources/registry/expectation.js';
import { compilePattern } from '../../datasources/registry/expected-pattern.js';
import type { Feature } from '../../datasources/registry/model.js';

/** Whether a value is as expected. */
export type IsExpected = (value: RawValue) => boolean;

/** An expectation that one value keeps or violates. */
export type ValueExpectation = Exclude<FeatureExpectation, { kind: 'NULL_SHARE' }>;

/** Compiles an expectation of a feature. Call it once for a registry: compiling a pattern takes milliseconds. */
export function compileExpectation({ valueType }: Feature, expectation: ValueExpectation): IsExpected {
  if (expectation.kind === 'ITEMS') {
    const isWithin = within(expectation);
    return (value) => isWithin((value as readonly unknown[]).length);
  }
  const isExpected = compileScalar(expectation);
  if (toElementType(valueType) === undefined) return isExpected;
  return (value) => (value as readonly RawValue[]).every(isExpected);
}

function compileScalar(expectation: Exclude<ValueExpectation, { kind: 'ITEMS' }>): IsExpected {
  switch (expectation.kind) {
    case 'RANGE': {
      const isWithin = within(expectation);
      return (value) => isWithin(value as ExpectedBound);
    }
    case 'SET': {
      const values: ReadonlySet<unknown> = new Set<ExpectedItem>(expectation.values);
      return (value) => values.has(value);
    }
    case 'PATTERN': {
      const pattern = compilePattern(expectation.pattern);
      return (value) => pattern.matches(value as string);
    }
    case 'LENGTH': {
      const isWithin = within(expectation);
      return (value) => isWithin(typeof value === 'string' ? countCharacters(value) : (value as Uint8Array).length);
    }
  }
}

/** NaN is within no bound. A bigint is compared with a bigint, so nothing is rounded. */
function within<Bound extends ExpectedBound>({
  min,
  max,
}: {
  readonly min: Bound | null;
  readonly max: Bound | null;
}): (value: Bound) => boolean {
  if (min === null) return (value) => value <= max!;
  if (max === null) return (value) => value >= min;
  return (value) => value >= min && value <= max;
}
