import { Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import type {
  Model as ModelOfRegistry,
  ModelField as FieldOfRegistry,
} from '../datasources/registry/prediction-model.js';
import { listComplexity } from '../schema/complexity.js';
import { Model, ModelField } from '../schema/model/model.js';
import { formatResourceName } from '../schema/resource-name.js';
import { visibleModels } from './catalogue.js';
import type { RequestContext } from './context.js';

@Resolver(() => Model)
export class ModelResolver {
  @Query(() => [Model], {
    description: 'The models, in the order of the registry.',
    complexity: listComplexity(),
  })
  models(@Ctx() { registry, access }: RequestContext): readonly ModelOfRegistry[] {
    return visibleModels(access, registry.models);
  }

  @FieldResolver(() => ID)
  id(@Root() { name }: ModelOfRegistry): string {
    return formatResourceName({ kind: 'model', model: name });
  }
}

@Resolver(() => ModelField)
export class ModelFieldResolver {
  @FieldResolver()
  optional(@Root() field: FieldOfRegistry): boolean {
    return field.nullable === true || field.default !== undefined;
  }
}
