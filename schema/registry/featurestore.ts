import { Field, ID, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { createConnectionType } from '../connection.js';
import { Node } from '../node.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { EntityType } from './entity-type.js';
import { FeatureStream } from './feature-stream.js';
import { FeatureView } from './feature-view.js';
import { StoreInfo } from './store-info.js';

@ObjectType({
  implements: Node,
  description: 'A featurestore: a namespace of entity types with one online store and one offline store.',
})
export class Featurestore implements Node {
  @Field(() => ID, { description: 'The resource name, "featurestores/…".' })
  id!: string;

  @Field(() => String, { description: 'The name, unique in this gateway, in snake_case.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What the featurestore holds. Null if the registry has no description.',
  })
  description!: string | null;

  @Field(() => JSONObject, { description: 'Labels: an object whose values are strings.' })
  labels!: JsonObject;

  @Field(() => StoreInfo, {
    description: 'The online store. It holds the newest value of each feature of each entity.',
  })
  onlineStore!: StoreInfo;

  @Field(() => StoreInfo, { description: 'The offline store. It holds all values of all times.' })
  offlineStore!: StoreInfo;

  @Field(() => [EntityType], {
    description: 'The entity types, in the order of the registry.',
    complexity: listComplexity(),
  })
  entityTypes!: EntityType[];

  @Field(() => EntityType, {
    nullable: true,
    description:
      'The entity type with this name. If there is none, the field is null with the error ENTITY_TYPE_NOT_FOUND.',
  })
  entityType!: EntityType;

  @Field(() => [FeatureView], {
    description: 'The feature views, in the order of the registry.',
    complexity: listComplexity(),
  })
  featureViews!: FeatureView[];

  @Field(() => [FeatureStream], {
    description: 'The streams of messages that this gateway writes, in the order of the registry.',
    complexity: listComplexity(),
  })
  streams!: FeatureStream[];
}

export const FeaturestoreConnection = createConnectionType(Featurestore, 'Featurestore', 'featurestores');
