import { Field, InputType, ObjectType } from 'type-graphql';
import { UserError } from '../user-error.js';
import { SourceRefreshJob } from './source-refresh-job.js';
import { StartJobInput } from './start-job.js';

@InputType({ description: 'The input of `refreshSource`.' })
export class RefreshSourceInput extends StartJobInput {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the entity type.' })
  entityType!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The name of one source with SQL. Null: every source with SQL of the entity type.',
  })
  source!: string | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `refreshSource`.' })
export class RefreshSourcePayload {
  @Field(() => SourceRefreshJob, { nullable: true, description: 'The job. Null if there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'The errors in the input. If there are any, no job was started.' })
  userErrors!: readonly UserError[];
}
