import { Field, ObjectType } from 'type-graphql';
import { StoreKindEnum } from './enums.js';

@ObjectType({ description: 'A store of a featurestore.' })
export class StoreInfo {
  @Field(() => StoreKindEnum, { description: 'The system that holds the values.' })
  kind!: keyof typeof StoreKindEnum;

  @Field(() => String, {
    nullable: true,
    description: 'Where it is, in words; null when that is not for clients to know. Never a path or a project id.',
  })
  location!: string | null;

  @Field(() => Boolean, { description: 'Whether it answers right now.' })
  healthy!: boolean;
}
