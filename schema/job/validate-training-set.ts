import { Field, InputType } from 'type-graphql';
import { TrainingSetInput } from './start-training-set.js';

@InputType({ description: 'The column of a feature in a file that another program wrote.' })
export class TrainingSetColumnInput {
  @Field(() => String, {
    description: 'The column that a training set of this gateway would have: the prefix of the join and the feature.',
  })
  feature!: string;

  @Field(() => String, { description: 'The column of the file.' })
  column!: string;
}

@InputType({ description: 'The input of `validateTrainingSet`.' })
export class ValidateTrainingSetInput {
  @Field(() => TrainingSetInput, {
    description:
      'The definition that the training set should have. Its `labels` are the training set itself: a file or a table with ' +
      'the entity ids, the times and the features. With `withTimestamps` it has a column <feature>__timestamp for each ' +
      'feature, and their times are checked.',
  })
  trainingSet!: TrainingSetInput;

  @Field(() => [TrainingSetColumnInput], {
    nullable: true,
    description: 'The features whose column has another name. Null: all columns have the names of their features.',
  })
  columns!: TrainingSetColumnInput[] | null | undefined;
}
