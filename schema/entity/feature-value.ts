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
  description: 'What is known of a feature of an entity at a moment. The same words for reads now and as of a moment.',
  valuesConfig: {
    PRESENT: { description: 'There is a value.' },
    NULL: { description: 'The entity is known at that moment, and known to have no value for this feature.' },
    NOT_FOUND: { description: 'Nothing was known of the entity at that moment.' },
    EXPIRED: { description: 'There is a value, but it is older than its ttl, so it is not given.' },
    DENIED: { description: 'You may not read this feature.' },
  },
});

// simple: its fields are plain properties. A list of entities has thousands of these, and type-graphql's own field
// resolvers double the cost of each (bench/http).
@ObjectType({ simpleResolvers: true, description: 'One feature of one entity at one moment.' })
export class FeatureValue {
  @Field(() => String, { description: 'The name of the feature.' })
  name!: string;

  @Field(() => Feature, { description: 'The feature.' })
  feature!: unknown;

  @Field(() => FeatureScalar, { nullable: true, description: 'The value; null unless the status is PRESENT.' })
  value!: unknown;

  @Field(() => FeatureValueStatusEnum, {
    description:
      'What is known. In a dense entity type the newest whole row counts, and a null in it is NULL. In any other a ' +
      'null says nothing: the newest value before it is PRESENT, and NULL is a feature that never had one. A feature ' +
      'view of Vertex AI serves nulls only if it is dense, on Bigtable and synced by a schedule, and gives the newest ' +
      'value before them otherwise; a legacy featurestore never tells NULL from NOT_FOUND, and says NOT_FOUND.',
  })
  status!: keyof typeof FeatureValueStatusEnum;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the value became true, UTC. null when there is none, and for features of a static source, which hold at ' +
      'all times.',
  })
  timestamp!: bigint | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds between timestamp and asOf (or now, without asOf); null without a timestamp.',
  })
  ageSeconds!: number | null;
}

export const FeatureValueConnection = createConnectionType(FeatureValue, 'FeatureValue', 'feature values');
