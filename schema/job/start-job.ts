import { Field, Float, InputType } from 'type-graphql';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';

/* A decorator, because inputs that do not extend StartJobInput have the field too. */
export const MaxCostUsd = Field(() => Float, {
  nullable: true,
  description:
    'The maximum estimated cost in US dollars. A higher estimate is refused with COST_OVER_LIMIT. Null: only ' +
    'the daily budget limits the cost.',
});

/** The fields of all inputs that start a job. The class itself is not a type of the schema. */
@InputType()
export abstract class StartJobInput {
  @Field(() => JSONObject, {
    nullable: true,
    description: 'Labels to find the job by: an object whose values are strings. Null: no labels.',
  })
  labels!: JsonObject | null | undefined;

  @Field(() => String, {
    nullable: true,
    description:
      `An idempotency key, e.g. a UUID, of at most ${REQUEST_LIMITS.maxIdempotencyKeyBytes} bytes. A second request with the same key starts no job ` +
      'and returns the first one. Null: each request starts a job.',
  })
  idempotencyKey!: string | null | undefined;

  @MaxCostUsd
  maxCostUsd!: number | null | undefined;
}
