import { Field, Int, ObjectType } from 'type-graphql';
import { DateTime } from '../scalars/date-time.js';
import { JSONObject } from '../scalars/json-object.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { GeneratedLabels } from './generated-labels.js';
import { FileOptions } from './file-options.js';
import { TrainingSetValidationModeEnum } from './training-set-validation.js';

@ObjectType({ simpleResolvers: true, description: 'A join of a training set: features of one entity of each label.' })
export class TrainingSetJobJoin {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the entity type.' })
  entityType!: string;

  @Field(() => [String], { description: 'The label columns with the entity id.' })
  entityIdColumns!: readonly string[];

  @Field(() => [String], { description: 'The names of the features.' })
  features!: readonly string[];

  @Field(() => String, { description: 'The prefix of the feature columns in the output.' })
  prefix!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The input of a training set job.' })
export class TrainingSetJobInput {
  @Field(() => String, { nullable: true, description: 'The path of the file with the labels. Null for other sources.' })
  labelsFile!: string | null;

  @Field(() => FileOptions, {
    nullable: true,
    description: 'What the request said of the file with the labels. Null for other sources.',
  })
  labelsFileOptions!: FileOptions | null;

  @Field(() => String, { nullable: true, description: 'The table with the labels. Null for other sources.' })
  labelsTable!: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'The number of labels in the request itself. Null for other sources. The labels are not repeated here.',
  })
  labelsInRequest!: number | null;

  @Field(() => GeneratedLabels, {
    nullable: true,
    description: 'How the labels were generated. Null for other sources.',
  })
  labelsGenerated!: GeneratedLabels | null;

  @Field(() => String, { description: 'The label column with the time.' })
  timeColumn!: string;

  @Field(() => [TrainingSetJobJoin], { description: 'The joins: the main entity type first.' })
  joins!: readonly TrainingSetJobJoin[];

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Microseconds after which a value counts as expired. 0: never. Null: each feature has its own ttl.',
  })
  ttlMicroseconds!: bigint | null;

  @Field(() => Boolean, { description: 'Whether values at exactly the time of the label were left out.' })
  strictlyBefore!: boolean;

  @Field(() => Boolean, { description: 'Whether values written after the time of the label were left out.' })
  knownAtLabelTime!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'Values written after this moment were left out. Null: none.' })
  knownAt!: bigint | null;

  @Field(() => Boolean, { description: 'Whether the output has expired values.' })
  includeExpired!: boolean;

  @Field(() => Boolean, { description: 'Whether the output has the event time of each value.' })
  withTimestamps!: boolean;

  @Field(() => TrainingSetValidationModeEnum, { description: 'The rows whose values the validation compares.' })
  validation!: keyof typeof TrainingSetValidationModeEnum;

  @Field(() => Int, { description: 'The seed that chooses the sample of the validation.' })
  validationSeed!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A feature column of a training set.' })
export class TrainingSetFeature {
  @Field(() => String, { description: 'The column of the output.' })
  column!: string;

  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the entity type.' })
  entityType!: string;

  @Field(() => String, { description: 'The name of the feature.' })
  feature!: string;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Microseconds after which its value counted as expired. Null: never.',
  })
  ttlMicroseconds!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'What a training set was made of. A Parquet output has the same facts, without the checksum, as JSON in its key-value ' +
    'metadata under "featuregraph".',
})
export class TrainingSetProvenance {
  @Field(() => String, {
    description: 'The digest of the definitions of the features in the registry: SQL, columns, types and ttls.',
  })
  registryDigest!: string;

  @Field(() => String, {
    description: 'The digest of the labels as the gateway read them: names, types, values and order.',
  })
  labelsDigest!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The SHA-256 of the output file. For BIGQUERY, of the Parquet file that the table was loaded from. Null for a TABLE.',
  })
  checksum!: string | null;

  @Field(() => [TrainingSetFeature], { description: 'The feature columns, in the order of the output.' })
  features!: readonly TrainingSetFeature[];

  @Field(() => JSONObject, { description: 'The options of the join and of the validation.' })
  options!: Readonly<Record<string, unknown>>;
}
