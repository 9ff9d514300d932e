import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { UserError } from '../user-error.js';
import { Job } from './job.js';

@InputType({ description: 'A job to stop.' })
export class CancelJobInput {
  @Field(() => ID, { description: 'The job.' })
  id!: string;
}

@ObjectType({ simpleResolvers: true, description: 'What came of cancelJob.' })
export class CancelJobPayload {
  @Field(() => Job, {
    nullable: true,
    description:
      'The job as it is now: CANCELLING, CANCELLED, or as it had ended before. null when there are userErrors.',
  })
  job!: unknown;

  @Field(() => [UserError], { description: 'What is wrong with the input; then nothing was changed.' })
  userErrors!: readonly UserError[];
}
