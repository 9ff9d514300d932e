import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { ExpectationKindEnum, ViolationActionEnum } from '../registry/feature-expectation.js';
import { LeftOutFeature } from './left-out-feature.js';

export const OffendingRowKindEnum = {
  LEAKED: 'LEAKED',
  CHANGED: 'CHANGED',
  INVALID: 'INVALID',
  UNMATCHED: 'UNMATCHED',
} as const;

registerEnumType(OffendingRowKindEnum, {
  name: 'OffendingRowKind',
  description: 'The kind of problem of a label.',
  valuesConfig: {
    LEAKED: { description: 'The label has a feature value from after its time.' },
    CHANGED: { description: 'A column of the label differs between the input and the output.' },
    INVALID: { description: 'The label has no entity id or no time.' },
    UNMATCHED: { description: 'The label has no value of any feature.' },
  },
});

export const TrainingSetValidationModeEnum = { SAMPLE: 'SAMPLE', FULL: 'FULL' } as const;

registerEnumType(TrainingSetValidationModeEnum, {
  name: 'TrainingSetValidationMode',
  description:
    'The rows whose values a validation compares with the history. It checks the event times of all rows either way.',
  valuesConfig: {
    SAMPLE: {
      description:
        'About 1,000 to 2,000 rows, or all rows if there are fewer than 2,000. At most 100 rows if a feature is in a remote store.',
    },
    FULL: {
      description:
        'All rows. It takes about as long as the join again. Refused if a feature is in a remote offline store (BigQuery), where a ' +
        'SAMPLE compares at most 100 rows.',
    },
  },
});

@ObjectType({
  simpleResolvers: true,
  description:
    'A feature that equals a column of the labels in every row where the feature has a value. It is often the value to ' +
    'predict. Check that a model may use it.',
})
export class LabelCopy {
  @Field(() => String, { description: 'The column of the feature in the output.' })
  column!: string;

  @Field(() => String, { description: 'The column of the labels.' })
  labelColumn!: string;
}

@ObjectType({ simpleResolvers: true, description: 'A label with a problem.' })
export class OffendingRow {
  @Field(() => BigIntScalar, { description: 'The number of the label in the input, from 0.' })
  row!: bigint;

  @Field(() => OffendingRowKindEnum, { description: 'The kind of problem.' })
  kind!: keyof typeof OffendingRowKindEnum;

  @Field(() => String, { description: 'The problem, for people.' })
  reason!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'The number of labels by the status of one feature. The four counts add up to the number of labels.',
})
export class FeatureCoverage {
  @Field(() => String, { description: 'The column of the feature in the output.' })
  column!: string;

  @Field(() => BigIntScalar, { description: 'Labels with a value.' })
  present!: bigint;

  @Field(() => BigIntScalar, {
    description: 'Labels whose value is NULL: the store has data of the entity, and the feature has no value in it.',
  })
  nulls!: bigint;

  @Field(() => BigIntScalar, {
    description: 'Labels whose value is NOT_FOUND: the store has no data of the entity at the time of the label.',
  })
  notFound!: bigint;

  @Field(() => BigIntScalar, { description: 'Labels whose value is EXPIRED: it is older than ttlSeconds.' })
  expired!: bigint;
}

@ObjectType({
  simpleResolvers: true,
  description: 'An expectation of the registry that values of a column violate (docs/expectations.md).',
})
export class UnexpectedValues {
  @Field(() => String, {
    description: 'The column of the feature in the output; for UNIQUE_TIME, the first column of the source.',
  })
  column!: string;

  @Field(() => ExpectationKindEnum, { description: 'What the expectation is about.' })
  kind!: keyof typeof ExpectationKindEnum;

  @Field(() => ViolationActionEnum, { description: 'What the registry says of a violation.' })
  action!: keyof typeof ViolationActionEnum;

  @Field(() => String, { description: 'What is expected, for people.' })
  description!: string;

  @Field(() => BigIntScalar, { description: 'Rows with such a value; for NULL_SHARE, rows without a value.' })
  rows!: bigint;

  @Field(() => [BigIntScalar], {
    description: 'The numbers of the first such labels in the input, from 0: at most 10.',
  })
  examples!: readonly bigint[];

  @Field(() => [String], {
    nullable: 'itemsAndList',
    description:
      'The id of the entity of each of `examples`, in their order. Null where the client may not read the value, or the ' +
      'label has no id. Null for a job of an earlier release.',
  })
  entityIds?: readonly (string | null)[] | null;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Checks of a training set. The gateway counts them from the output with a second query that is independent ' +
    'of the join. A field that is null was not counted: an earlier version of the gateway made the training set.',
})
export class TrainingSetValidation {
  @Field(() => BigIntScalar, { description: 'Labels in the input.' })
  labelRows!: bigint;

  @Field(() => BigIntScalar, { description: 'Rows in the output. It equals `labelRows`: each label has one row.' })
  joinedRows!: bigint;

  @Field(() => BigIntScalar, {
    description:
      'Rows with a value that the label could not know: its event time is after the time of the label, or the ' +
      'history as of that time has another value. If this is not 0, do not use the training set.',
  })
  leakedRows!: bigint;

  @Field(() => BigIntScalar, {
    description: 'Rows whose values were compared with the history, a sample. The event times of all rows are checked.',
  })
  verifiedRows!: bigint;

  @Field(() => TrainingSetValidationModeEnum, { nullable: true, description: 'How `verifiedRows` were chosen.' })
  mode!: keyof typeof TrainingSetValidationModeEnum | null;

  @Field(() => Int, { nullable: true, description: 'The seed that chose the sample.' })
  seed!: number | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'Rows with a label column that differs between the input and the output. A job with such a row ends as FAILED.',
  })
  changedRows!: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'Values whose event time is exactly the time of the label. They are not leaks. Use strictlyBefore to leave them out.',
  })
  valuesAtLabelTime!: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'Values of all rows that were written after the time of the label, with an event time that is not after it: ' +
      'corrections and backfills. They are not leaks, but a model in production would not have had them. Use ' +
      'knownAtLabelTime to leave them out. A value without a creation time does not count. null: no feature is of a ' +
      'source with creation times, so nothing shows when the values were written.',
  })
  valuesWrittenAfterLabel!: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Values of static sources. They have no event time, so no check can show when they became true.',
  })
  unverifiableValues!: bigint | null;

  @Field(() => [LabelCopy], { nullable: true, description: 'Features that equal a column of the labels: a warning.' })
  labelCopies!: readonly LabelCopy[] | null;

  @Field(() => BigIntScalar, { description: 'Labels without a value of any feature.' })
  unmatchedRows!: bigint;

  @Field(() => BigIntScalar, { description: 'Values that were left out because they were older than ttlSeconds.' })
  expiredValues!: bigint;

  @Field(() => BigIntScalar, { description: 'Labels without a time, or without the entity id of a join.' })
  invalidLabels!: bigint;

  @Field(() => [FeatureCoverage], { description: 'The counts of each feature column, in the order of the columns.' })
  featureCoverage!: readonly FeatureCoverage[];

  @Field(() => [UnexpectedValues], {
    nullable: true,
    description:
      'The expectations of the registry that values violate. A job whose output violates one with REJECT ends as FAILED.',
  })
  unexpectedValues?: readonly UnexpectedValues[] | null;

  @Field(() => [OffendingRow], {
    description: `Labels with a problem, at most ${REQUEST_LIMITS.maxOffendingRows} of each kind.`,
  })
  offendingRows!: readonly OffendingRow[];
}

@ObjectType({ simpleResolvers: true, description: 'The first rows of a training set, and the checks of all its rows.' })
export class TrainingSetPreview {
  @Field(() => [String], { description: 'The columns: first those of the labels, then those of the features.' })
  columns!: readonly string[];

  @Field(() => [JSONObject], {
    description: 'The first rows, in the order of the labels, each as an object by column name. INT64 is a string.',
  })
  rows!: readonly JsonObject[];

  @Field(() => TrainingSetValidation, { description: 'The checks of all labels, not only of `rows`.' })
  validation!: TrainingSetValidation;

  @Field(() => [LeftOutFeature], {
    description: 'Features of the definition that the policy keeps out. Empty without a policy.',
  })
  leftOut!: readonly LeftOutFeature[];
}
