import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { BigIntScalar } from '../scalars/big-int.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';

export const OffendingRowKindEnum = { LEAKED: 'LEAKED', INVALID: 'INVALID', UNMATCHED: 'UNMATCHED' } as const;

registerEnumType(OffendingRowKindEnum, {
  name: 'OffendingRowKind',
  description: 'The kind of problem of a label.',
  valuesConfig: {
    LEAKED: { description: 'The label has a feature value from after its time.' },
    INVALID: { description: 'The label has no entity id or no time.' },
    UNMATCHED: { description: 'The label has no value of any feature.' },
  },
});

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
  description:
    'Checks of a training set. The gateway counts them from the output with a second query that is independent ' +
    'of the join.',
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

  @Field(() => BigIntScalar, { description: 'Labels without a value of any feature.' })
  unmatchedRows!: bigint;

  @Field(() => BigIntScalar, { description: 'Values that were left out because they were older than ttlSeconds.' })
  expiredValues!: bigint;

  @Field(() => BigIntScalar, { description: 'Labels without a time, or without the entity id of a join.' })
  invalidLabels!: bigint;

  @Field(() => [FeatureCoverage], { description: 'The counts of each feature column, in the order of the columns.' })
  featureCoverage!: readonly FeatureCoverage[];

  @Field(() => [OffendingRow], { description: 'Labels with a problem, at most 100 of each kind.' })
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
}
