import { Field, InputType } from 'type-graphql';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import { CancelAboveUsd } from '../cost/cancel-above-usd.js';
import { MaxCostUsd } from '../cost/max-cost-usd.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';

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

  @CancelAboveUsd
  cancelAboveUsd!: number | null | undefined;
}
