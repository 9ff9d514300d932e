import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { FeatureScalar } from '../scalars/feature-scalar.js';

/* schema must not import a datasource, so the values are repeated here. A test compares them with the originals. */
export const ExpectationKindEnum = {
  RANGE: 'RANGE',
  SET: 'SET',
  PATTERN: 'PATTERN',
  LENGTH: 'LENGTH',
  ITEMS: 'ITEMS',
  NULL_SHARE: 'NULL_SHARE',
  UNIQUE_TIME: 'UNIQUE_TIME',
} as const;

registerEnumType(ExpectationKindEnum, {
  name: 'ExpectationKind',
  description: 'What an expectation is about. Later versions may add kinds.',
  valuesConfig: {
    RANGE: { description: 'The value is within bounds.' },
    SET: { description: 'The value is one of a set.' },
    PATTERN: { description: 'The whole text matches a regular expression of RE2.' },
    LENGTH: { description: 'The length is within bounds: of a STRING in characters, of BYTES in bytes.' },
    ITEMS: { description: 'The number of items of an array is within bounds.' },
    NULL_SHARE: { description: 'The share of rows without a value is not above a maximum. Training sets are checked.' },
    UNIQUE_TIME: {
      description:
        'An entity has one row at an event time in a source (`FeatureSource.onRepeatedTime`). Training sets are checked.',
    },
  } satisfies Record<keyof typeof ExpectationKindEnum, object>,
});

export const ViolationActionEnum = { REJECT: 'REJECT', QUARANTINE: 'QUARANTINE', WARN: 'WARN' } as const;

registerEnumType(ViolationActionEnum, {
  name: 'ViolationAction',
  description:
    'What happens to a written row with a value that is not as expected. A training set with such a value fails with ' +
    'REJECT, and lists it with the other actions.',
  valuesConfig: {
    REJECT: { description: 'The row is refused.' },
    QUARANTINE: { description: 'The row is kept in the quarantine of the gateway, and not served.' },
    WARN: { description: 'The row is written, and the violation is listed and counted.' },
  } satisfies Record<keyof typeof ViolationActionEnum, object>,
});

@ObjectType({
  simpleResolvers: true,
  description:
    'What the values of a feature are expected to be. A null is no violation, except for NULL_SHARE. An expectation of an ' +
    'array applies to each of its items, except for ITEMS and NULL_SHARE (docs/expectations.md).',
})
export class FeatureExpectation {
  @Field(() => ExpectationKindEnum, { description: 'What it is about.' })
  kind!: keyof typeof ExpectationKindEnum;

  @Field(() => ViolationActionEnum, { description: 'What happens to a written row otherwise.' })
  onViolation!: keyof typeof ViolationActionEnum;

  @Field(() => String, { description: 'The expectation in words, e.g. "at least 0 and at most 150".' })
  description!: string;

  @Field(() => FeatureScalar, {
    nullable: true,
    description:
      'The least value of a RANGE, inclusive, in the JSON of the ValueType; the least number of a LENGTH or of ITEMS. ' +
      'Null if there is none.',
  })
  min!: unknown;

  @Field(() => FeatureScalar, {
    nullable: true,
    description: 'The greatest value, number or share, inclusive. Null if there is none.',
  })
  max!: unknown;

  @Field(() => [FeatureScalar], {
    nullable: true,
    description: 'The values of a SET, in the JSON of the ValueType. Null for other kinds.',
  })
  values!: readonly unknown[] | null;

  @Field(() => String, { nullable: true, description: 'The regular expression of a PATTERN. Null for other kinds.' })
  pattern!: string | null;
}
