import { Field, Float } from 'type-graphql';

/** A decorator, because the inputs and arguments that have the field extend no common class. */
export const MaxCostUsd = Field(() => Float, {
  nullable: true,
  description:
    'The maximum estimated cost in US dollars. A higher estimate is refused with COST_OVER_LIMIT. Null: only ' +
    'the daily budget limits the cost.',
});
