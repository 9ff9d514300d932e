import { Field, Float, ID, InterfaceType, ObjectType } from 'type-graphql';
import { createConnectionType } from '../connection.js';
import { Node } from '../node.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { DateTime } from '../scalars/date-time.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { JobKindEnum, JobStateEnum } from './enums.js';

@ObjectType({
  simpleResolvers: true,
  description: 'How far a job is. What counts as an item is said by its kind: rows.',
})
export class JobProgress {
  @Field(() => BigIntScalar, { description: 'Items done.' })
  completed!: bigint;

  @Field(() => BigIntScalar, { description: 'Items given up, with their reasons kept.' })
  failed!: bigint;

  @Field(() => BigIntScalar, { nullable: true, description: 'Items in all; null while that is not known.' })
  total!: bigint | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Completed and failed items of the total, from 0 to 100; null while the total is not known.',
  })
  percent!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Items a second, over the last ten seconds; null when the job does not run or has just begun.',
  })
  ratePerSecond!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds until the end at this rate; null when the rate or the total is not known.',
  })
  remainingSeconds!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'Why a job failed.' })
export class JobError {
  @Field(() => String, { description: 'For programs, e.g. FILE_NOT_FOUND. INTERNAL is a fault of the gateway.' })
  code!: string;

  @Field(() => String, { description: 'What went wrong and what to do.' })
  message!: string;
}

@InterfaceType({
  implements: Node,
  description: 'Long work with a state and progress. It survives a restart of the gateway.',
  autoRegisterImplementations: false,
})
export abstract class Job implements Node {
  @Field(() => ID, { description: 'Its resource name, "jobs/…".' })
  id!: string;

  @Field(() => JobKindEnum, { description: 'What it does.' })
  kind!: keyof typeof JobKindEnum;

  @Field(() => JobStateEnum, { description: 'Where it stands.' })
  state!: keyof typeof JobStateEnum;

  @Field(() => JobProgress, { description: 'How far it is.' })
  progress!: JobProgress;

  @Field(() => DateTime, { description: 'When it was asked for, UTC.' })
  createdAt!: bigint;

  @Field(() => DateTime, { nullable: true, description: 'When work on it began, UTC; null while it waits.' })
  startedAt!: bigint | null;

  @Field(() => DateTime, { nullable: true, description: 'When it ended, UTC; null before.' })
  endedAt!: bigint | null;

  @Field(() => JobError, { nullable: true, description: 'Why it failed; null unless the state is FAILED or EXPIRED.' })
  error!: JobError | null;

  @Field(() => JSONObject, { description: 'Free key-value pairs of who started it, all strings.' })
  labels!: JsonObject;

  @Field(() => String, { nullable: true, description: 'Who started it; null when the gateway does not know.' })
  createdBy!: string | null;
}

export const JobConnection = createConnectionType(Job, 'Job', 'jobs');
