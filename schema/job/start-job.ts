import { Field, Float, InputType } from 'type-graphql';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';

/* As a decorator: inputs that start no job of their own have it too. */
export const MaxCostUsd = Field(() => Float, {
  nullable: true,
  description:
    'Dollars. What is estimated above this is refused with COST_OVER_LIMIT. null: as much as the budget of the day has.',
});

/** What whoever starts a job can say, whatever the job does. Not in the schema itself: only its subtypes are. */
@InputType()
export abstract class StartJobInput {
  @Field(() => JSONObject, { nullable: true, description: 'Free key-value pairs to find it by, all strings.' })
  labels!: JsonObject | null | undefined;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key never starts a second job: the first one is given again. null: every request starts one.',
  })
  idempotencyKey!: string | null | undefined;

  @MaxCostUsd
  maxCostUsd!: number | null | undefined;
}
