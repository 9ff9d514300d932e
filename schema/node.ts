import { Field, ID, InterfaceType } from 'type-graphql';

/** Things of the registry say their kind; entities carry the name of the type made for them (from-registry.ts). */
const TYPE_NAMES = {
  featurestore: 'Featurestore',
  entityType: 'EntityType',
  feature: 'Feature',
  featureView: 'FeatureView',
} as const;

type NodeValue = { readonly kind: keyof typeof TYPE_NAMES } | { readonly kind: 'entity'; readonly typeName: string };

function typeNameOf(value: NodeValue): string {
  return value.kind === 'entity' ? value.typeName : TYPE_NAMES[value.kind];
}

@InterfaceType({
  description: 'Anything with an id of its own in the whole schema.',
  autoRegisterImplementations: false,
  resolveType: typeNameOf,
})
export abstract class Node {
  @Field(() => ID, { description: 'The resource name, unique over the whole schema.' })
  id!: string;
}
