import { describeExpectation } from '../datasources/registry/describe-expectation.js';
import type { ExpectedItem, FeatureExpectation as Expectation } from '../datasources/registry/expectation.js';
import type { Feature } from '../datasources/registry/model.js';
import type { FeatureExpectation } from '../schema/registry/feature-expectation.js';
import { toClientValue } from '../values/client-value.js';
import { toElementType } from '../values/value-type.js';

/** The expectations of a feature as clients see them. */
export function toFeatureExpectations(feature: Feature): FeatureExpectation[] {
  const itemType = toElementType(feature.valueType) ?? feature.valueType;
  const toClient = (item: ExpectedItem): unknown => toClientValue(itemType, item);
  return feature.expectations.map((expectation) => ({
    kind: expectation.kind,
    onViolation: expectation.onViolation,
    description: describeExpectation(feature, expectation),
    ...boundsOf(expectation, toClient),
    values: expectation.kind === 'SET' ? expectation.values.map(toClient) : null,
    pattern: expectation.kind === 'PATTERN' ? expectation.pattern : null,
  }));
}

function boundsOf(
  expectation: Expectation,
  toClient: (item: ExpectedItem) => unknown,
): Pick<FeatureExpectation, 'min' | 'max'> {
  switch (expectation.kind) {
    case 'RANGE': {
      const { min, max } = expectation;
      return { min: min === null ? null : toClient(min), max: max === null ? null : toClient(max) };
    }
    case 'LENGTH':
    case 'ITEMS':
      return { min: expectation.min, max: expectation.max };
    case 'NULL_SHARE':
      return { min: null, max: expectation.max };
    case 'SET':
    case 'PATTERN':
      return { min: null, max: null };
  }
}
