import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { BigIntScalar } from '../scalars/big-int.js';
import { DateTime } from '../scalars/date-time.js';
import { EntityType } from './entity-type.js';

/* schema must not import a service, so the values are repeated here. A test compares them with the originals. */
export const StreamKindEnum = { PUBSUB: 'PUBSUB', KAFKA: 'KAFKA' } as const;

registerEnumType(StreamKindEnum, {
  name: 'StreamKind',
  description: 'The broker of a stream of messages.',
  valuesConfig: {
    PUBSUB: { description: 'Google Pub/Sub.' },
    KAFKA: { description: 'Apache Kafka.' },
  },
});

export const StreamStateEnum = {
  STARTING: 'STARTING',
  RUNNING: 'RUNNING',
  RETRYING: 'RETRYING',
  STOPPED: 'STOPPED',
} as const;

registerEnumType(StreamStateEnum, {
  name: 'StreamState',
  description: 'The state of a stream in the gateway that answers.',
  valuesConfig: {
    STARTING: { description: 'The gateway connects to the broker.' },
    RUNNING: { description: 'The gateway takes messages.' },
    RETRYING: { description: 'A store or the broker fails. Messages wait, and the gateway tries again.' },
    STOPPED: { description: 'The gateway is stopping.' },
  },
});

@ObjectType({ description: 'The last failure of a stream that was not the fault of a message.' })
export class StreamError {
  @Field(() => String, { description: 'The code of the error (docs/errors.md).' })
  code!: string;

  @Field(() => String, { description: 'What failed.' })
  message!: string;

  @Field(() => DateTime, { description: 'When it failed.' })
  time!: bigint;
}

@ObjectType({
  description:
    'Messages of a broker that become feature values. Counts are those of the gateway that answers, since its start.',
})
export class FeatureStream {
  @Field(() => String, { description: 'The name, unique in the featurestore.' })
  name!: string;

  @Field(() => StreamKindEnum, { description: 'The broker.' })
  kind!: keyof typeof StreamKindEnum;

  @Field(() => EntityType, { description: 'The entity type that gets the values.' })
  entityType!: EntityType;

  @Field(() => StreamStateEnum, { description: 'Whether the gateway takes messages.' })
  state!: keyof typeof StreamStateEnum;

  @Field(() => BigIntScalar, { description: 'Messages that arrived.' })
  received!: bigint;

  @Field(() => BigIntScalar, { description: 'Messages whose rows became durable.' })
  written!: bigint;

  @Field(() => BigIntScalar, { description: 'Messages whose rows were durable before.' })
  duplicates!: bigint;

  @Field(() => BigIntScalar, {
    description:
      'Messages whose rows are in the quarantine, because a value is not as the registry expects (docs/expectations.md).',
  })
  quarantined!: bigint;

  @Field(() => BigIntScalar, {
    description: 'Messages that can never be written. The dead-letter topic has them, with the reasons.',
  })
  deadLettered!: bigint;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'Messages that wait at the broker, of the partitions that this gateway reads. Null for Google Pub/Sub, where ' +
      'only Cloud Monitoring has the number, and while the broker does not answer.',
  })
  lagMessages!: bigint | null;

  @Field(() => Float, {
    description: 'The age in seconds of the oldest message that arrived and is not durable yet; 0 if there is none.',
  })
  lagSeconds!: number;

  @Field(() => StreamError, { nullable: true, description: 'The last failure. Null if nothing failed.' })
  lastError!: StreamError | null;
}
