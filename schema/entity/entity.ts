import { Arg, Field, ID, InterfaceType, Int } from 'type-graphql';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import { AFTER_ARGUMENT, firstArgument } from '../arguments.js';
import { featuresComplexity, historyComplexity } from '../complexity.js';
import { Node } from '../node.js';
import { EntityType } from '../registry/entity-type.js';
import { DateTime } from '../scalars/date-time.js';
import { FeatureValue, FeatureValueConnection } from './feature-value.js';

/**
 * The fields of all entities. from-registry.ts makes an object type for each entity type: it implements this interface and
 * adds the features as typed fields.
 */
@InterfaceType({
  implements: Node,
  description:
    'An entity as it is now, or as of a point in time. Each entity type has an object type that implements ' +
    'this interface and has a typed field for each feature.',
  autoRegisterImplementations: false,
})
export abstract class Entity implements Node {
  @Field(() => ID, {
    description:
      'The resource name, "featurestores/…/entityTypes/…/entities/…". If the read has arguments such as asOf, ' +
      '"@" and their values follow.',
  })
  id!: string;

  @Field(() => ID, {
    description: 'The entity id, unique in the entity type. EntityType.entityIdColumns describes composite ids.',
  })
  entityId!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The point in time of the values, in UTC. Null: the values are the current ones.',
  })
  asOf!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The point in time by which the values were written, in UTC. Null: the read uses values regardless of when ' +
      'they were written.',
  })
  knownAt!: bigint | null;

  @Field(() => EntityType, {
    description: 'The entity type. PERMISSION_DENIED: the client may read and write none of its features.',
  })
  entityType!: unknown;

  @Field(() => [FeatureValue], {
    description:
      'The values with their status and time. Without `names` and `view`: of all features of the entity type, in ' +
      'the order of the registry.',
    complexity: featuresComplexity,
  })
  features(
    @Arg('names', () => [String], {
      nullable: true,
      description: 'The names of the features. The result has their order. Null: see `view`.',
    })
    _names: string[] | null,
    @Arg('view', () => String, {
      nullable: true,
      description: 'The name of a feature view: its features are read. Give `names` or `view`, not both.',
    })
    _view: string | null,
  ): unknown {
    throw new Error('answered by the types made from the registry');
  }

  @Field(() => FeatureValueConnection, {
    description:
      'All values of one feature, newest first, with one value for each timestamp. The arguments of the entity ' +
      '(asOf, knownAt, strictlyBefore) apply to its history too. FeatureValue.ageSeconds is the age at `asOf`, ' +
      'or now.',
    complexity: historyComplexity,
  })
  history(
    @Arg('feature', () => String, { description: 'The name of the feature.' }) _feature: string,
    @Arg('from', () => DateTime, {
      nullable: true,
      description: 'The earliest timestamp, inclusive. Null: no lower bound.',
    })
    _from: bigint | null,
    @Arg('to', () => DateTime, {
      nullable: true,
      description: 'The latest timestamp, inclusive. Null: no upper bound.',
    })
    _to: bigint | null,
    @Arg('first', () => Int, firstArgument(REQUEST_LIMITS.defaultLongPageSize))
    _first: number | null,
    @Arg('after', () => String, AFTER_ARGUMENT) _after: string | null,
  ): unknown {
    throw new Error('answered by the types made from the registry');
  }
}
