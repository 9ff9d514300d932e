import { Field, InputType, ObjectType } from 'type-graphql';
import { UserError } from '../user-error.js';
import { FeatureViewSyncJob } from './feature-view-sync-job.js';
import { StartJobInput } from './start-job.js';

@InputType({ description: 'The input of `syncFeatureView`.' })
export class SyncFeatureViewInput extends StartJobInput {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the feature view. It needs no schedule.' })
  featureView!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `syncFeatureView`.' })
export class SyncFeatureViewPayload {
  @Field(() => FeatureViewSyncJob, { nullable: true, description: 'The job. Null if there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'The errors in the input. If there are any, no job was started.' })
  userErrors!: readonly UserError[];
}
