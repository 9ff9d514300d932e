import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { Feature as FeatureModel, FeatureView as FeatureViewModel } from '../datasources/registry/model.js';
import { listComplexity } from '../schema/complexity.js';
import type { Connection } from '../schema/connection.js';
import { FeatureView } from '../schema/registry/feature-view.js';
import { Feature, FeatureConnection } from '../schema/registry/feature.js';
import { formatResourceName } from '../schema/resource-name.js';
import type { RequestContext } from './context.js';
import { paginate } from './page.js';

@Resolver(() => Feature)
export class FeatureResolver {
  @Query(() => FeatureConnection, {
    description:
      'Features whose name, description, entity type, labels or owner have all the words of the text, the best match ' +
      'first. Word beginnings count, and so do words with a letter wrong.',
    complexity: listComplexity('first'),
  })
  searchFeatures(
    @Ctx() { search }: RequestContext,
    @Arg('text', () => String, { description: 'The words looked for, e.g. "mean delay".' }) text: string,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many, at most 100.' })
    first: number | null | undefined,
    @Arg('after', () => String, { nullable: true, description: 'Only those after this cursor.' })
    after: string | null | undefined,
  ): Connection<FeatureModel> {
    return paginate(search.search(text), { first, after }, { name: `search:${text}`, keyOf: resourceName });
  }

  @FieldResolver(() => ID)
  id(@Root() feature: FeatureModel): string {
    return resourceName(feature);
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
}

function resourceName({ name, entityType }: FeatureModel): string {
  return formatResourceName({
    kind: 'feature',
    featurestore: entityType.featurestore.name,
    entityType: entityType.name,
    feature: name,
  });
}
