import { Field, InputType, ObjectType } from 'type-graphql';
import { DateTime } from '../scalars/date-time.js';
import { UserError } from '../user-error.js';
import { MonitorRunJob } from './monitor-run-job.js';
import { StartJobInput } from './start-job.js';

@InputType({ description: 'The input of `runMonitor`.' })
export class RunMonitorInput extends StartJobInput {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the monitor.' })
  monitor!: string;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The end of the window, not in the future. A run with it is a look at the past and sends no alert. Null: the moment ' +
      'at which the job is created.',
  })
  at!: bigint | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `runMonitor`.' })
export class RunMonitorPayload {
  @Field(() => MonitorRunJob, { nullable: true, description: 'The job. Null if there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'The errors in the input. If there are any, no job was started.' })
  userErrors!: readonly UserError[];
}
