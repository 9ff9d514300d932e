import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { CostEstimate } from '../cost/cost-estimate.js';
import { Node } from '../node.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { Job } from './job.js';
import { LeftOutFeature } from './left-out-feature.js';
import { TrainingSetJobInput, TrainingSetProvenance } from './training-set-provenance.js';
import { TrainingSetValidation } from './training-set-validation.js';

export const TrainingSetFormatEnum = {
  PARQUET: 'PARQUET',
  CSV: 'CSV',
  TABLE: 'TABLE',
  BIGQUERY: 'BIGQUERY',
} as const;

registerEnumType(TrainingSetFormatEnum, {
  name: 'TrainingSetFormat',
  description: 'The format of a training set.',
  valuesConfig: {
    PARQUET: { description: 'An Apache Parquet file.' },
    CSV: { description: 'A file of comma-separated values in UTF-8. The first line has the column names.' },
    TABLE: { description: 'A table of the offline store.' },
    BIGQUERY: {
      description:
        'A new table of BigQuery, in the dataset that the operator named for outputs. Its rows have no order. A gateway ' +
        'without such a dataset refuses it with BAD_USER_INPUT.',
    },
  },
});

@ObjectType({ simpleResolvers: true, description: 'The output of a training set job.' })
export class TrainingSetOutput {
  @Field(() => TrainingSetFormatEnum, { description: 'The format of the output.' })
  format!: keyof typeof TrainingSetFormatEnum;

  @Field(() => String, {
    description:
      'The path of the file in the folder for files, or the name of the table. For BIGQUERY, project.dataset.table.',
  })
  location!: string;

  @Field(() => [String], { description: 'The columns: first those of the labels, then those of the features.' })
  columns!: readonly string[];

  @Field(() => BigIntScalar, {
    description: 'The number of rows. Each label has one row; the rows have the order of the labels.',
  })
  rows!: bigint;
}

@ObjectType({
  implements: [Node, Job],
  description:
    'A job that makes a training set: a point-in-time join of labels with the feature values as of the time of ' +
    'each label.',
})
export class TrainingSetJob {
  @Field(() => String, { nullable: true, description: 'The display name that the client set. Null if it set none.' })
  displayName!: string | null;

  @Field(() => CostEstimate, {
    description: 'The cost estimated at the start, from the bytes that the query scans and the prices of that time.',
  })
  estimatedCost!: CostEstimate;

  @Field(() => TrainingSetValidation, {
    nullable: true,
    description: 'The checks of the output. Null until the job succeeds.',
  })
  validation!: TrainingSetValidation | null;

  @Field(() => TrainingSetOutput, { nullable: true, description: 'The output. Null until the job succeeds.' })
  output!: TrainingSetOutput | null;

  @Field(() => TrainingSetJobInput, { description: 'The input that the client gave.' })
  input!: TrainingSetJobInput;

  @Field(() => TrainingSetProvenance, {
    nullable: true,
    description:
      'What the output was made of. Null until the job succeeds, and for a job that an earlier version of the gateway ran.',
  })
  provenance!: TrainingSetProvenance | null;

  @Field(() => [LeftOutFeature], {
    description: 'Features of the definition that the policy keeps out. Empty without a policy.',
  })
  leftOut!: readonly LeftOutFeature[];
}
