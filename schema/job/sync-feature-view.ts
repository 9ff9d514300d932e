import { Field, InputType, ObjectType } from 'type-graphql';
import { UserError } from '../user-error.js';
import { FeatureViewSyncJob } from './feature-view-sync-job.js';
import { StartJobInput } from './start-job.js';

@InputType({ description: 'A feature view to sync now, whatever its schedule.' })
export class SyncFeatureViewInput extends StartJobInput {
  @Field(() => String, { description: 'The featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The feature view.' })
  featureView!: string;
}

@ObjectType({ simpleResolvers: true, description: 'What came of syncFeatureView.' })
export class SyncFeatureViewPayload {
  @Field(() => FeatureViewSyncJob, { nullable: true, description: 'The job; null when there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'What is wrong with the input; then nothing was started.' })
  userErrors!: readonly UserError[];
}
