import { Field, Float, ID, InterfaceType, ObjectType } from 'type-graphql';
import { createConnectionType } from '../connection.js';
import { Node } from '../node.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { DateTime } from '../scalars/date-time.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { JobKindEnum, JobStateEnum } from './enums.js';

@ObjectType({
  simpleResolvers: true,
  description: 'The progress of a job. JobKind says what one item is.',
})
export class JobProgress {
  @Field(() => BigIntScalar, { description: 'Items that succeeded.' })
  completed!: bigint;

  @Field(() => BigIntScalar, { description: 'Items that failed. The job keeps the reason of each.' })
  failed!: bigint;

  @Field(() => BigIntScalar, { nullable: true, description: 'All items. Null until the job has counted them.' })
  total!: bigint | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The share of completed and failed items in the total, from 0 to 100. Null until the total is known.',
  })
  percent!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Items per second, measured over the last ten seconds. Null if the job is not running or has just started.',
  })
  ratePerSecond!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The estimated seconds until the end, at the current rate. Null if the rate or the total is not known.',
  })
  remainingSeconds!: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'The error that ended a job.' })
export class JobError {
  @Field(() => String, {
    description: 'The code, for programs, e.g. FILE_NOT_FOUND. INTERNAL is a fault of the gateway.',
  })
  code!: string;

  @Field(() => String, { description: 'The error and its remedy, for people.' })
  message!: string;
}

@InterfaceType({
  implements: Node,
  description:
    'A long-running job. It is durable: the gateway stores it before it acknowledges it, and resumes it after ' +
    'a restart.',
  autoRegisterImplementations: false,
})
export abstract class Job implements Node {
  @Field(() => ID, { description: 'The resource name, "jobs/…".' })
  id!: string;

  @Field(() => JobKindEnum, { description: 'The kind of the job.' })
  kind!: keyof typeof JobKindEnum;

  @Field(() => JobStateEnum, { description: 'The state of the job.' })
  state!: keyof typeof JobStateEnum;

  @Field(() => JobProgress, { description: 'The progress of the job.' })
  progress!: JobProgress;

  @Field(() => DateTime, { description: 'The time when the gateway accepted the job, in UTC.' })
  createdAt!: bigint;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The time when the gateway started to work on the job, in UTC. Null while the job is queued.',
  })
  startedAt!: bigint | null;

  @Field(() => DateTime, { nullable: true, description: 'The time when the job ended, in UTC. Null until then.' })
  endedAt!: bigint | null;

  @Field(() => JobError, {
    nullable: true,
    description: 'The error that ended the job. Null unless the state is FAILED or EXPIRED.',
  })
  error!: JobError | null;

  @Field(() => JSONObject, { description: 'Labels that the client set: an object whose values are strings.' })
  labels!: JsonObject;

  @Field(() => String, {
    nullable: true,
    description:
      'The principal that started the job; "schedule" or "gateway" if the gateway started it. Null if the gateway has no authentication.',
  })
  createdBy!: string | null;
}

export const JobConnection = createConnectionType(Job, 'Job', 'jobs');
