import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { BigIntScalar } from '../scalars/big-int.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';

export const OffendingRowKindEnum = { LEAKED: 'LEAKED', INVALID: 'INVALID', UNMATCHED: 'UNMATCHED' } as const;

registerEnumType(OffendingRowKindEnum, {
  name: 'OffendingRowKind',
  description: 'What is wrong with a label.',
  valuesConfig: {
    LEAKED: { description: 'It got a value from after its time.' },
    INVALID: { description: 'It has no id or no time.' },
    UNMATCHED: { description: 'No feature was found for it at all.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A label at fault.' })
export class OffendingRow {
  @Field(() => BigIntScalar, { description: 'Its number in the input, from 0.' })
  row!: bigint;

  @Field(() => OffendingRowKindEnum, { description: 'The kind of fault.' })
  kind!: keyof typeof OffendingRowKindEnum;

  @Field(() => String, { description: 'What is wrong with it.' })
  reason!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'How many labels have a value of a feature. The four add up to the labels.',
})
export class FeatureCoverage {
  @Field(() => String, { description: 'The column of the output.' })
  column!: string;

  @Field(() => BigIntScalar, { description: 'Labels with a value.' })
  present!: bigint;

  @Field(() => BigIntScalar, { description: 'Labels for which null was what was known.' })
  nulls!: bigint;

  @Field(() => BigIntScalar, { description: 'Labels for which nothing was known.' })
  notFound!: bigint;

  @Field(() => BigIntScalar, { description: 'Labels for which what was known was older than its ttl.' })
  expired!: bigint;
}

@ObjectType({
  simpleResolvers: true,
  description: 'Proof that nothing leaked, counted from the output by a second query, independent of the join.',
})
export class TrainingSetValidation {
  @Field(() => BigIntScalar, { description: 'Labels in.' })
  labelRows!: bigint;

  @Field(() => BigIntScalar, { description: 'Rows out: as many as labels in.' })
  joinedRows!: bigint;

  @Field(() => BigIntScalar, {
    description:
      'Rows with a value whose timestamp is after the label’s, or that the history does not give as of it. 0, or the ' +
      'training set must not be used.',
  })
  leakedRows!: bigint;

  @Field(() => BigIntScalar, {
    description: 'Rows of which every value was derived again from the history; the times were checked of all.',
  })
  verifiedRows!: bigint;

  @Field(() => BigIntScalar, { description: 'Labels for which no feature was found at all.' })
  unmatchedRows!: bigint;

  @Field(() => BigIntScalar, { description: 'Values left out because they were older than their ttl.' })
  expiredValues!: bigint;

  @Field(() => BigIntScalar, { description: 'Labels without a time, or without an id of one of the joins.' })
  invalidLabels!: bigint;

  @Field(() => [FeatureCoverage], { description: 'For each column of a feature, in their order.' })
  featureCoverage!: readonly FeatureCoverage[];

  @Field(() => [OffendingRow], { description: 'Labels at fault, at most 100 of each kind.' })
  offendingRows!: readonly OffendingRow[];
}

@ObjectType({ simpleResolvers: true, description: 'The first rows of a training set, and the validation of all.' })
export class TrainingSetPreview {
  @Field(() => [String], { description: 'Its columns: those of the labels, then those of the features.' })
  columns!: readonly string[];

  @Field(() => [JSONObject], {
    description: 'The first rows, by column, in the order of the labels. INT64 is a string.',
  })
  rows!: readonly JsonObject[];

  @Field(() => TrainingSetValidation, { description: 'Counted over all labels, not only the rows shown.' })
  validation!: TrainingSetValidation;
}
