import { Field, ID, ObjectType } from 'type-graphql';
import { formatLimit } from '../../limits/request-limits.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { listComplexity } from '../complexity.js';
import { Feature } from '../registry/feature.js';
import { DateTime } from '../scalars/date-time.js';
import { FeatureScalar } from '../scalars/feature-scalar.js';
import { Entity } from './entity.js';

@ObjectType({ simpleResolvers: true, description: 'A value of one feature that a client wrote.' })
export class WrittenFeatureValue {
  @Field(() => ID, { description: 'The entity id.' })
  entityId!: string;

  @Field(() => String, { description: 'The name of the feature.' })
  name!: string;

  @Field(() => Feature, { description: 'The feature.' })
  feature!: unknown;

  @Field(() => FeatureScalar, {
    nullable: true,
    description: 'The value. Null only in a dense entity type: in others, a written null changes no value.',
  })
  value!: unknown;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The event time, in UTC. Null if the source of the feature is static.',
  })
  timestamp!: bigint | null;

  @Field(() => Boolean, {
    description:
      'true: it is the current value when the event is made. false: reads give another value, because that one has a ' +
      'later event time or corrected this one, or because the event time is in the future.',
  })
  isNewest!: boolean;
}

@ObjectType({ description: 'An event of `featureValues`.' })
export class FeatureValuesEvent {
  @Field(() => String, {
    nullable: true,
    description:
      'Give it as `after` of a later subscription, which then gets each value that is written after this event. It can be ' +
      `used for ${WRITE_LIMITS.maxCursorDays} days, with any entities and features, and after a restart of the gateway. Null: the ` +
      'offline store does not keep the time of writes (BigQuery without a createdTimestampColumn).',
  })
  cursor!: string | null;

  @Field(() => [Entity], {
    description: 'The entities whose current values changed since the event before; in the first event, all of them.',
  })
  entities!: unknown[];

  @Field(() => [WrittenFeatureValue], {
    nullable: true,
    description:
      'The values that clients wrote since the event before, in the order of the writes: also those that only the history ' +
      `has. An event has up to ${formatLimit(WRITE_LIMITS.maxValuesPerEvent)}, or those of one row if it has more. Null: values are missing, because the client is ` +
      'slow and `cursor` is null; `history` has them.',
    complexity: listComplexity(),
  })
  written!: WrittenFeatureValue[] | null;
}
