import { Field, Int, ObjectType } from 'type-graphql';
import { ExpectationKindEnum, ViolationActionEnum } from '../registry/feature-expectation.js';

@ObjectType({
  simpleResolvers: true,
  description: 'A written value that is not as the registry expects. It has the expectation, and never the value.',
})
export class ExpectationViolation {
  @Field(() => Int, { description: 'The number of the row of the input, from 0.' })
  row!: number;

  @Field(() => [String], {
    description: 'The path of the value, e.g. ["input", "rows", "3", "values", "0", "value"].',
  })
  field!: readonly string[];

  @Field(() => String, { description: 'The name of the feature.' })
  feature!: string;

  @Field(() => ExpectationKindEnum, { description: 'What the expectation is about.' })
  kind!: keyof typeof ExpectationKindEnum;

  @Field(() => ViolationActionEnum, {
    description:
      'The action of the expectation. The strictest action of the violations of a row decides what happened to the row.',
  })
  action!: keyof typeof ViolationActionEnum;

  @Field(() => String, { description: 'What is expected, for people.' })
  message!: string;
}
