import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { createConnectionType } from '../connection.js';
import { Feature } from '../registry/feature.js';
import { DateTime } from '../scalars/date-time.js';
import { FeatureScalar } from '../scalars/feature-scalar.js';

export const FeatureValueStatusEnum = {
  PRESENT: 'PRESENT',
  NULL: 'NULL',
  NOT_FOUND: 'NOT_FOUND',
  EXPIRED: 'EXPIRED',
  DENIED: 'DENIED',
} as const;

registerEnumType(FeatureValueStatusEnum, {
  name: 'FeatureValueStatus',
  description: 'The status of a feature value. Current reads and reads as of a point in time use the same statuses.',
  valuesConfig: {
    PRESENT: { description: 'The feature has a value.' },
    NULL: { description: 'The store has data of the entity at that time, and the feature has no value in it.' },
    NOT_FOUND: { description: 'The store has no data of the entity at that time.' },
    EXPIRED: {
      description:
        'The feature has a value that is older than ttlSeconds. The gateway returns it only with the argument ' +
        '`includeExpired`.',
    },
    DENIED: { description: 'The client has no permission to read the feature.' },
  },
});

// simple: its fields are plain properties. A list of entities has thousands of these, and type-graphql's own field
// resolvers double the cost of each (bench/http).
@ObjectType({ simpleResolvers: true, description: 'The value of one feature of one entity at one point in time.' })
export class FeatureValue {
  @Field(() => String, { description: 'The name of the feature.' })
  name!: string;

  @Field(() => Feature, { description: 'The feature.' })
  feature!: unknown;

  @Field(() => FeatureScalar, {
    nullable: true,
    description: 'The value. Null unless the status is PRESENT, or EXPIRED with the argument `includeExpired`.',
  })
  value!: unknown;

  @Field(() => FeatureValueStatusEnum, {
    description:
      'The status. In a dense entity type the newest row decides: a null in it is NULL. In other entity types ' +
      'nulls are skipped: the newest earlier value is PRESENT, and a feature that never had a value is NULL. Two ' +
      'stores differ. VERTEX_FEATURE_VIEW returns NULL only if the view is dense, on Bigtable and synced by a ' +
      'schedule; otherwise it returns the newest earlier value. VERTEX_LEGACY returns NOT_FOUND in place of ' +
      'NULL.',
  })
  status!: keyof typeof FeatureValueStatusEnum;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The event time: the time from which the value is true, in UTC. Null if there is no value, or if its ' +
      'source is static (such a value is true at all times).',
  })
  timestamp!: bigint | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds from `timestamp` to the `asOf` of the entity, or to now. Null if `timestamp` is null.',
  })
  ageSeconds!: number | null;
}

export const FeatureValueConnection = createConnectionType(FeatureValue, 'FeatureValue', 'feature values');
