import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { CostEstimate } from '../cost/cost-estimate.js';
import { Node } from '../node.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { Job } from './job.js';
import { TrainingSetValidation } from './training-set-validation.js';

export const TrainingSetFormatEnum = { PARQUET: 'PARQUET', CSV: 'CSV', TABLE: 'TABLE' } as const;

registerEnumType(TrainingSetFormatEnum, {
  name: 'TrainingSetFormat',
  description: 'How a training set is kept.',
  valuesConfig: {
    PARQUET: { description: 'An Apache Parquet file.' },
    CSV: { description: 'A file of comma-separated values in UTF-8, with a line of column names.' },
    TABLE: { description: 'A table of the offline store.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A training set that was written.' })
export class TrainingSetOutput {
  @Field(() => TrainingSetFormatEnum, { description: 'How it is kept.' })
  format!: keyof typeof TrainingSetFormatEnum;

  @Field(() => String, { description: 'The file, by its path in the folder for files, or the table.' })
  location!: string;

  @Field(() => [String], { description: 'Its columns: those of the labels, then those of the features.' })
  columns!: readonly string[];

  @Field(() => BigIntScalar, { description: 'Its rows: one a label, in the order of the labels.' })
  rows!: bigint;
}

@ObjectType({
  implements: [Node, Job],
  description: 'Labels joined with what was known at the time of each. Its items are labels.',
})
export class TrainingSetJob {
  @Field(() => String, { nullable: true, description: 'What its owner calls it; null when it has no name.' })
  displayName!: string | null;

  @Field(() => CostEstimate, {
    description: 'What it was estimated to cost before it began, in bytes scanned, by the prices of that time.',
  })
  estimatedCost!: CostEstimate;

  @Field(() => TrainingSetValidation, {
    nullable: true,
    description: 'Counted from the output by a second query, independent of the join; null before the end.',
  })
  validation!: TrainingSetValidation | null;

  @Field(() => TrainingSetOutput, { nullable: true, description: 'What was written; null before the end.' })
  output!: TrainingSetOutput | null;
}
