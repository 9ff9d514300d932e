import { FieldResolver, ID, Resolver, Root } from 'type-graphql';
import type { Model as ModelRecord } from '../datasources/models/model.js';
import { Model } from '../schema/model/model.js';
import { formatResourceName } from '../schema/resource-name.js';

@Resolver(() => Model)
export class ModelResolver {
  @FieldResolver(() => ID)
  id(@Root() { name }: ModelRecord): string {
    return formatResourceName({ kind: 'model', model: name });
  }
}
