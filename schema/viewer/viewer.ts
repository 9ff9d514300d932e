import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'The client that asks.' })
export class Viewer {
  @Field(() => String, { description: 'The name of the principal. Jobs, budgets and the audit log have it.' })
  name!: string;
}
