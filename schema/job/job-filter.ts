import { Field, InputType } from 'type-graphql';
import { DateTime } from '../scalars/date-time.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { JobKindEnum, JobStateEnum } from './enums.js';

@InputType({
  description:
    'A filter of jobs. A job matches if it meets all conditions. A condition that is null or omitted matches ' +
    'every job.',
})
export class JobFilter {
  @Field(() => [JobStateEnum], { nullable: true, description: 'The job is in one of these states.' })
  states!: (keyof typeof JobStateEnum)[] | null | undefined;

  @Field(() => [JobKindEnum], { nullable: true, description: 'The job is of one of these kinds.' })
  kinds!: (keyof typeof JobKindEnum)[] | null | undefined;

  @Field(() => JSONObject, { nullable: true, description: 'The job has all of these labels, with the same values.' })
  labels!: JsonObject | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'The job was created at this time or later.' })
  createdFrom!: bigint | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'The job was created at this time or earlier.' })
  createdTo!: bigint | null | undefined;
}
