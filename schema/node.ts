import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType({
  description: 'An object with a global id. The queries `node` and `nodes` find it by that id.',
  autoRegisterImplementations: false,
})
export abstract class Node {
  @Field(() => ID, { description: 'The resource name. It is unique in the whole schema.' })
  id!: string;
}
