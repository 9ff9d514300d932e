import { Field, ID, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { createConnectionType } from '../connection.js';
import { Node } from '../node.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { EntityType } from './entity-type.js';
import { FeatureView } from './feature-view.js';
import { StoreInfo } from './store-info.js';

@ObjectType({ implements: Node, description: 'A namespace of entity types, with its stores.' })
export class Featurestore implements Node {
  @Field(() => ID, { description: 'Its resource name.' })
  id!: string;

  @Field(() => String, { description: 'Unique in this gateway.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it holds; null when nobody wrote it down.' })
  description!: string | null;

  @Field(() => JSONObject, { description: 'Free key-value pairs, all strings.' })
  labels!: JsonObject;

  @Field(() => StoreInfo, { description: 'Where the newest values live.' })
  onlineStore!: StoreInfo;

  @Field(() => StoreInfo, { description: 'Where all values live.' })
  offlineStore!: StoreInfo;

  @Field(() => [EntityType], {
    description: 'Its kinds of things, in the order of the registry.',
    complexity: listComplexity(),
  })
  entityTypes!: EntityType[];

  @Field(() => EntityType, {
    nullable: true,
    description: 'One entity type by name. ENTITY_TYPE_NOT_FOUND when there is none.',
  })
  entityType!: EntityType;

  @Field(() => [FeatureView], { description: 'Its named selections of features.', complexity: listComplexity() })
  featureViews!: FeatureView[];
}

export const FeaturestoreConnection = createConnectionType(Featurestore, 'Featurestore', 'featurestores');
