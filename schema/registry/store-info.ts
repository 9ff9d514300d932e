import { Field, ObjectType } from 'type-graphql';
import { StoreKindEnum } from './enums.js';

@ObjectType({ description: 'The online or offline store of a featurestore.' })
export class StoreInfo {
  @Field(() => StoreKindEnum, { description: 'The database system.' })
  kind!: keyof typeof StoreKindEnum;

  @Field(() => String, {
    nullable: true,
    description:
      'The location in words, as the registry states it for clients. Null if the registry states none. It ' +
      'contains no path and no project id.',
  })
  location!: string | null;

  @Field(() => Boolean, { description: 'true: the store answers requests now.' })
  healthy!: boolean;
}
