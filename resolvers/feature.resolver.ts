import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { AFTER_ARGUMENT, firstArgument } from '../schema/arguments.js';
import type {
  EntityType as EntityTypeModel,
  Feature as FeatureModel,
  FeatureView as FeatureViewModel,
} from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { listComplexity } from '../schema/complexity.js';
import type { Connection } from '../schema/connection.js';
import { EntityType } from '../schema/registry/entity-type.js';
import { FeatureView } from '../schema/registry/feature-view.js';
import type { FeatureExpectation } from '../schema/registry/feature-expectation.js';
import { Feature, FeatureConnection } from '../schema/registry/feature.js';
import { formatResourceName } from '../schema/resource-name.js';
import { visibleFeatures } from './catalogue.js';
import type { RequestContext } from './context.js';
import { toFeatureExpectations } from './feature-expectations.js';
import { paginate } from './page.js';

@Resolver(() => Feature)
export class FeatureResolver {
  @Query(() => FeatureConnection, {
    description:
      'Full-text search for features, best match first. A feature matches if its name, description, entity type, ' +
      'labels and owner together contain all words of `text`. A prefix of a word matches, and so does a word ' +
      'with one wrong letter.',
    complexity: listComplexity('first'),
  })
  searchFeatures(
    @Ctx() { search, access }: RequestContext,
    @Arg('text', () => String, { description: 'The words to search for, e.g. "mean delay": at most 200 characters.' })
    text: string,
    @Arg('first', () => Int, firstArgument())
    first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT)
    after: string | null | undefined,
  ): Connection<FeatureModel> {
    const { maxSearchLength } = REQUEST_LIMITS;
    if (text.length > maxSearchLength) {
      throw badInput(
        `The text has ${text.length} characters, and at most ${maxSearchLength}. Search for fewer words.`,
        'text',
      );
    }
    return paginate(
      visibleFeatures(access, search.search(text)),
      { first, after },
      { name: `search:${text}`, keyOf: resourceName },
    );
  }

  @FieldResolver(() => ID)
  id(@Root() feature: FeatureModel): string {
    return resourceName(feature);
  }

  @FieldResolver(() => EntityType, { description: 'The entity type of the feature.' })
  entityType(@Root() { entityType }: FeatureModel): EntityTypeModel {
    return entityType;
  }

  @FieldResolver({ complexity: listComplexity() })
  expectations(@Root() feature: FeatureModel): readonly FeatureExpectation[] {
    return toFeatureExpectations(feature);
  }

  @FieldResolver()
  ttlSeconds(@Root() { ttl }: FeatureModel): number | null {
    return ttl === null ? null : Number(ttl) / 1e6;
  }
}

@Resolver(() => FeatureView)
export class FeatureViewResolver {
  @FieldResolver(() => ID)
  id(@Root() { name, entityType }: FeatureViewModel): string {
    return formatResourceName({ kind: 'featureView', featurestore: entityType.featurestore.name, featureView: name });
  }

  @FieldResolver({ complexity: listComplexity() })
  features(@Root() { features }: FeatureViewModel, @Ctx() { access }: RequestContext): readonly FeatureModel[] {
    return visibleFeatures(access, features);
  }
}

function resourceName({ name, entityType }: FeatureModel): string {
  return formatResourceName({
    kind: 'feature',
    featurestore: entityType.featurestore.name,
    entityType: entityType.name,
    feature: name,
  });
}
