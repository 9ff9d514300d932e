import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { UserError } from '../user-error.js';
import { Job } from './job.js';

@InputType({ description: 'The input of `cancelJob`.' })
export class CancelJobInput {
  @Field(() => ID, { description: 'The id of the job, "jobs/…".' })
  id!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `cancelJob`.' })
export class CancelJobPayload {
  @Field(() => Job, {
    nullable: true,
    description:
      'The job after the request: CANCELLING, CANCELLED, or unchanged if it had already ended. Null if there are ' +
      'userErrors.',
  })
  job!: unknown;

  @Field(() => [UserError], { description: 'The errors in the input. If there are any, nothing was changed.' })
  userErrors!: readonly UserError[];
}
