import { Field, InputType } from 'type-graphql';
import { DateTime } from '../scalars/date-time.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { JobKindEnum, JobStateEnum } from './enums.js';

@InputType({ description: 'Which jobs are meant. All conditions must hold; one that is null or absent always does.' })
export class JobFilter {
  @Field(() => [JobStateEnum], { nullable: true, description: 'In one of these states.' })
  states!: (keyof typeof JobStateEnum)[] | null | undefined;

  @Field(() => [JobKindEnum], { nullable: true, description: 'Of one of these kinds.' })
  kinds!: (keyof typeof JobKindEnum)[] | null | undefined;

  @Field(() => JSONObject, { nullable: true, description: 'With every one of these labels, and its value.' })
  labels!: JsonObject | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'Asked for at this moment or later.' })
  createdFrom!: bigint | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'Asked for at this moment or earlier.' })
  createdTo!: bigint | null | undefined;
}
