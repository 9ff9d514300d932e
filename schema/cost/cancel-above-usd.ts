import { Field, Float } from 'type-graphql';

/** A decorator, because the inputs that have the field extend no common class. */
export const CancelAboveUsd = Field(() => Float, {
  nullable: true,
  description:
    'The cost in US dollars above which the running job is cancelled. Its cost is counted about once a second. The job then ' +
    'ends as CANCELLED with the error COST_OVER_LIMIT, and what it has written stays as after any cancellation. A query of ' +
    'BigQuery that could cost more than is left is refused before it runs. Null: the job runs to its end.',
});
