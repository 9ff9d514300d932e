import { ArgsType, Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { formatLimit, REQUEST_LIMITS } from '../../limits/request-limits.js';
import type { Instant } from '../../values/instant.js';
import { MaxCostUsd } from '../cost/max-cost-usd.js';
import { FeatureValueStatusEnum } from '../entity/feature-value.js';
import { DateTime } from '../scalars/date-time.js';
import { FeatureScalar } from '../scalars/feature-scalar.js';
import { Feature } from './feature.js';
import { TimeRangeInput } from './feature-statistics.js';

export const ServedMatchEnum = { BEFORE: 'BEFORE', AROUND: 'AROUND' } as const;

registerEnumType(ServedMatchEnum, {
  name: 'ServedMatch',
  description: 'Which read is compared with a label of a training set.',
  valuesConfig: {
    BEFORE: { description: 'The newest read at or before the time of the label.' },
    AROUND: {
      description: 'The nearest read before or after the time of the label. Of two equally near, the earlier.',
    },
  },
});

/* schema must not import a service, so the values are repeated here. A test compares them with the originals. */
export const SkewReasonEnum = {
  DEFINITION_CHANGED: 'DEFINITION_CHANGED',
  BECAME_TRUE_AFTER_READ: 'BECAME_TRUE_AFTER_READ',
  SERVED_AFTER_LABEL: 'SERVED_AFTER_LABEL',
  EXPIRED: 'EXPIRED',
  LATE_ARRIVAL: 'LATE_ARRIVAL',
  CORRECTED: 'CORRECTED',
  ONLINE_STORE_BEHIND: 'ONLINE_STORE_BEHIND',
  NOT_IN_HISTORY: 'NOT_IN_HISTORY',
  HISTORY_CHANGED: 'HISTORY_CHANGED',
} as const;

registerEnumType(SkewReasonEnum, {
  name: 'SkewReason',
  description: 'The likely reason why a trained value differs from the served one.',
  valuesConfig: {
    DEFINITION_CHANGED: { description: 'The registry defined the feature in another way at the time of the read.' },
    BECAME_TRUE_AFTER_READ: { description: 'The trained value has an event time between the read and the label.' },
    SERVED_AFTER_LABEL: { description: 'The served value has an event time after the label.' },
    EXPIRED: { description: 'It is the same value, and for one side it is older than the ttl.' },
    LATE_ARRIVAL: {
      description:
        'The row of the trained value was written after the read, although its event time is earlier. Without creation times, ' +
        'this is what the event times suggest.',
    },
    CORRECTED: {
      description:
        'The row of the served value was written again later, with another value. Without creation times, this is what the ' +
        'event times suggest.',
    },
    ONLINE_STORE_BEHIND: {
      description:
        'The row of the trained value was written before the read, and the online store did not have it yet.',
    },
    NOT_IN_HISTORY: { description: 'The offline store does not have the row of the served value.' },
    HISTORY_CHANGED: { description: 'The history gives another value today than the training set has.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'How often two statuses met.' })
export class SkewStatusCount {
  @Field(() => FeatureValueStatusEnum, {
    nullable: true,
    description: 'The status of the trained value. Null: a training set without the value, which does not tell why.',
  })
  trained!: keyof typeof FeatureValueStatusEnum | null;

  @Field(() => FeatureValueStatusEnum, { description: 'The status of the served value.' })
  served!: keyof typeof FeatureValueStatusEnum;

  @Field(() => Int, { description: 'The number of comparisons.' })
  count!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A trained value that differs from the served one.' })
export class SkewExample {
  @Field(() => ID, { description: 'The entity id.' })
  entityId!: string;

  @Field(() => DateTime, { description: 'The time of the label. Without a training set: the time of the read.' })
  labelTime!: Instant;

  @Field(() => DateTime, { description: 'The time of the read.' })
  readAt!: Instant;

  @Field(() => FeatureScalar, { nullable: true, description: 'The trained value. Null: there is none.' })
  trainedValue!: unknown;

  @Field(() => FeatureScalar, { nullable: true, description: 'The served value. Null: there was none.' })
  servedValue!: unknown;

  @Field(() => FeatureValueStatusEnum, { description: 'The status of the served value.' })
  servedStatus!: keyof typeof FeatureValueStatusEnum;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The event time of the trained value. Null: there is no value, it has no event time, or the training set was made without ' +
      '`withTimestamps`.',
  })
  trainedTimestamp!: Instant | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The event time of the served value. Null: there is no value, or it has no event time.',
  })
  servedTimestamp!: Instant | null;

  @Field(() => SkewReasonEnum, { description: 'The likely reason.' })
  reason!: keyof typeof SkewReasonEnum;
}

@ObjectType({
  simpleResolvers: true,
  description: 'How the trained values of one feature differ from the served ones.',
})
export class FeatureServedSkew {
  @Field(() => Feature, { description: 'The feature.' })
  feature!: unknown;

  @Field(() => Int, { description: 'The number of values that were compared.' })
  compared!: number;

  @Field(() => Int, { description: 'The number of equal values, and of those that both sides lack.' })
  equal!: number;

  @Field(() => Int, { description: 'The number of values that both sides have, and that are not equal.' })
  different!: number;

  @Field(() => Int, { description: 'The number of trained values that were not served.' })
  missingServed!: number;

  @Field(() => Int, { description: 'The number of served values that training does not have.' })
  missingTrained!: number;

  @Field(() => [SkewStatusCount], { description: 'The statuses of both sides, the most frequent first.' })
  statuses!: readonly SkewStatusCount[];

  @Field(() => [SkewExample], { description: 'The first values that are not equal, at most `examples`.' })
  examples!: readonly SkewExample[];
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Training-serving skew: trained values compared with the values in the log of served values (docs/served-log.md).',
})
export class ServedSkew {
  @Field(() => Int, {
    description:
      'The number of labels that have a read near them. Without a training set: the number of reads of an entity.',
  })
  compared!: number;

  @Field(() => Boolean, {
    description: `Whether all reads and labels of the range were compared. false: the newest ${formatLimit(REQUEST_LIMITS.maxComparedReads)} reads, or the first labels.`,
  })
  isComplete!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'The earliest read. Null: the log has none in the range.' })
  earliestRead!: Instant | null;

  @Field(() => DateTime, { nullable: true, description: 'The latest read. Null: the log has none in the range.' })
  latestRead!: Instant | null;

  @Field(() => [FeatureServedSkew], { description: 'The features, in the order of the argument or of the registry.' })
  features!: readonly FeatureServedSkew[];
}

const { maxSkewExamples, defaultSkewExamples } = REQUEST_LIMITS;

/** An hour: what most applications serve and label within. */
export const DEFAULT_TOLERANCE_SECONDS = 3600;

@ArgsType()
export class ServedSkewArguments {
  @Field(() => ID, {
    nullable: true,
    description:
      'The job of a training set, whose labels are compared with the reads near them. Null: each read is compared with the ' +
      'point-in-time value at its time, as a training set made now would have it.',
  })
  trainingSet?: string | null;

  @Field(() => TimeRangeInput, {
    nullable: true,
    description: 'The times of the reads to compare. Null: all that the log has.',
  })
  range?: TimeRangeInput | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The names of the features. Null: all that the client may read of all entities.',
  })
  features?: string[] | null;

  @Field(() => ServedMatchEnum, {
    nullable: true,
    defaultValue: 'BEFORE',
    description: 'With a training set: which read belongs to a label.',
  })
  match?: keyof typeof ServedMatchEnum | null;

  @Field(() => Float, {
    nullable: true,
    defaultValue: DEFAULT_TOLERANCE_SECONDS,
    description: 'With a training set: the maximum number of seconds between a label and its read.',
  })
  toleranceSeconds?: number | null;

  @Field(() => Float, {
    nullable: true,
    defaultValue: 0,
    description:
      'The difference of two DOUBLEs that still counts as equal. INT64 and all other types are compared exactly.',
  })
  doubleTolerance?: number | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: defaultSkewExamples,
    description: `The number of examples of each feature, from 0 to ${maxSkewExamples}.`,
  })
  examples?: number | null;

  @MaxCostUsd
  maxCostUsd?: number | null;
}
