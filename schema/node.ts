import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType({
  description: 'Anything with an id of its own in the whole schema.',
  autoRegisterImplementations: false,
})
export abstract class Node {
  @Field(() => ID, { description: 'The resource name, unique over the whole schema.' })
  id!: string;
}
