import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Job } from '../job/job.js';
import { FeatureSource } from '../registry/feature-source.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { DateTime } from '../scalars/date-time.js';
import { FeatureScalar } from '../scalars/feature-scalar.js';
import { FeatureValueStatusEnum } from './feature-value.js';

export const RowOutcomeEnum = {
  WON: 'WON',
  OLDER: 'OLDER',
  WITHOUT_VALUE: 'WITHOUT_VALUE',
  AFTER_AS_OF: 'AFTER_AS_OF',
  WRITTEN_AFTER_KNOWN_AT: 'WRITTEN_AFTER_KNOWN_AT',
} as const;

registerEnumType(RowOutcomeEnum, {
  name: 'RowOutcome',
  description: 'What became of a row when the value was decided.',
  valuesConfig: {
    WON: { description: 'The value comes from this row.' },
    OLDER: { description: 'The row could have the value, and another one is newer.' },
    WITHOUT_VALUE: { description: 'The feature is null in the row, and an entity type that is not dense skips nulls.' },
    AFTER_AS_OF: { description: 'The event time is after the point in time, or at it with `strictlyBefore`.' },
    WRITTEN_AFTER_KNOWN_AT: { description: 'The creation time is after `knownAt`, or not known.' },
  },
});

export const DecisionRuleEnum = {
  EVENT_TIME: 'EVENT_TIME',
  CREATION_TIME: 'CREATION_TIME',
  SEQUENCE: 'SEQUENCE',
  ARRIVAL: 'ARRIVAL',
  UNDEFINED: 'UNDEFINED',
  ONLY_ROW: 'ONLY_ROW',
} as const;

registerEnumType(DecisionRuleEnum, {
  name: 'DecisionRule',
  description: 'What makes one row newer than another: the first of these in which they differ.',
  valuesConfig: {
    EVENT_TIME: { description: 'The later event time.' },
    CREATION_TIME: { description: 'The later creation time. An unknown one counts as the oldest.' },
    SEQUENCE: { description: 'The greater sequence number. An unknown one counts as the oldest.' },
    ARRIVAL: { description: 'The row arrived later.' },
    UNDEFINED: {
      description:
        'Nothing: the rows differ in none of these, and the store has no order of arrival. Any of them counts.',
    },
    ONLY_ROW: { description: 'There is no other row.' },
  },
});

export const ExplainedDifferenceEnum = {
  OFFLINE_IS_NEWER: 'OFFLINE_IS_NEWER',
  ONLINE_IS_NEWER: 'ONLINE_IS_NEWER',
  VALUES_DIFFER: 'VALUES_DIFFER',
} as const;

registerEnumType(ExplainedDifferenceEnum, {
  name: 'ExplainedDifference',
  description: 'How the answer of the read differs from what the rows of the offline store give.',
  valuesConfig: {
    OFFLINE_IS_NEWER: {
      description: 'The offline store has a newer value: no sync or refresh has brought it into the online store yet.',
    },
    ONLINE_IS_NEWER: {
      description: 'The online store has a newer value: its row is not in the offline store, or no longer.',
    },
    VALUES_DIFFER: { description: 'Both have the same event time, and another value or status.' },
  },
});

export const OnlineOriginEnum = { WRITE: 'WRITE', REFRESH: 'REFRESH', SYNC: 'SYNC', UNKNOWN: 'UNKNOWN' } as const;

registerEnumType(OnlineOriginEnum, {
  name: 'OnlineOriginKind',
  description: 'What brought a value into the online store.',
  valuesConfig: {
    WRITE: { description: 'A client wrote it.' },
    REFRESH: { description: 'The gateway computed it by the SQL of its source: at a start, or in a refresh.' },
    SYNC: { description: 'A sync of a feature view copied it.' },
    UNKNOWN: { description: 'Nothing that the gateway has a record of.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'What brought a value into the online store.' })
export class OnlineOrigin {
  @Field(() => OnlineOriginEnum, { description: 'The kind.' })
  kind!: keyof typeof OnlineOriginEnum;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When, in UTC: the creation time of a write, the time at which a refresh computed the source or found it up to date, ' +
      'or the data watermark of the first sync that had the row. Null if it is not known.',
  })
  at!: bigint | null;

  @Field(() => Job, {
    nullable: true,
    description:
      'The job of the refresh or sync. Null if it was no job, if the gateway has no record of it, or if the client may not ' +
      'see it.',
  })
  job!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'A row of the history, and what became of it.' })
export class ExplainedRow {
  @Field(() => RowOutcomeEnum, { description: 'What became of it.' })
  outcome!: keyof typeof RowOutcomeEnum;

  @Field(() => DecisionRuleEnum, {
    nullable: true,
    description:
      'WON: what makes it newer than the next row. OLDER: what makes it older than the row that won. Null for others.',
  })
  rule!: keyof typeof DecisionRuleEnum | null;

  @Field(() => FeatureScalar, { nullable: true, description: 'The value of the feature in the row.' })
  value!: unknown;

  @Field(() => DateTime, { nullable: true, description: 'The event time, in UTC. Null if the source is static.' })
  timestamp!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The creation time, in UTC. Null if it is not known.',
  })
  createdTimestamp!: bigint | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'The sequence number. Null if the row has none.' })
  sequence!: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'The order of arrival in the store: a row with a greater number arrived later. Null if the store does not know it.',
  })
  arrival!: bigint | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The file that the row was computed from. Null if the store does not keep it (it does for sources that are computed ' +
      'file by file), or if the client may not see the files of the registry (APPLY_REGISTRY).',
  })
  file!: string | null;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Why a feature value is what it is: the rows of the offline store that decide it, and those that come too late ' +
    '(docs/explain.md). `status`, `value` and `timestamp` are computed from `rows` alone.',
})
export class FeatureValueExplanation {
  @Field(() => FeatureValueStatusEnum, { description: 'The status that the rows give.' })
  status!: keyof typeof FeatureValueStatusEnum;

  @Field(() => FeatureScalar, { nullable: true, description: 'The value that the rows give.' })
  value!: unknown;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The event time of that value, in UTC. Null if there is none, or if the source is static.',
  })
  timestamp!: bigint | null;

  @Field(() => ExplainedDifferenceEnum, {
    nullable: true,
    description: 'How the answer of the read differs from it. Null: the answer is what the rows give.',
  })
  difference!: keyof typeof ExplainedDifferenceEnum | null;

  @Field(() => DateTime, {
    description:
      'The point in time of the read, in UTC: `asOf`, or the time of the request; in a history, the event time of the value.',
  })
  asOf!: bigint;

  @Field(() => DateTime, { nullable: true, description: 'The argument `knownAt` of the read, in UTC.' })
  knownAt!: bigint | null;

  @Field(() => Boolean, { description: 'The argument `strictlyBefore` of the read.' })
  strictlyBefore!: boolean;

  @Field(() => Boolean, {
    description:
      'Whether the entity type is dense: the newest whole row counts, nulls included. Otherwise nulls are skipped.',
  })
  isDense!: boolean;

  @Field(() => DecisionRuleEnum, {
    nullable: true,
    description: 'The rule by which the row won over the next one. Null if no row counts.',
  })
  rule!: keyof typeof DecisionRuleEnum | null;

  @Field(() => [ExplainedRow], {
    description:
      'The rows around the decision: the newest that could have the value, the row that won first, then the newest without ' +
      'a value, then the earliest after the point in time, then the newest that were written too late.',
    complexity: listComplexity(),
  })
  rows!: readonly ExplainedRow[];

  @Field(() => BigIntScalar, {
    description: 'All rows of the entity that could have the value, with the one that won.',
  })
  candidates!: bigint;

  @Field(() => BigIntScalar, { description: 'All rows that were skipped, because the feature is null in them.' })
  withoutValue!: bigint;

  @Field(() => BigIntScalar, { description: 'All rows that become true after the point in time.' })
  afterAsOf!: bigint;

  @Field(() => BigIntScalar, {
    description: 'All other rows that were written after `knownAt`, or at an unknown time.',
  })
  writtenAfterKnownAt!: bigint;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds from `timestamp` to `asOf`. Null if `timestamp` is null.',
  })
  ageSeconds!: number | null;

  @Field(() => Float, { nullable: true, description: 'The ttl of the feature in seconds. Null: values do not expire.' })
  ttlSeconds!: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      '`timestamp` plus the ttl, in UTC: the value is valid until then, inclusive. Null without a ttl or a timestamp.',
  })
  validUntil!: bigint | null;

  @Field(() => FeatureSource, { description: 'The source of the feature.' })
  source!: unknown;

  @Field(() => OnlineOrigin, {
    nullable: true,
    description:
      'What brought the value into the online store. Null for a read of another point in time than now, without a row, and ' +
      'if the answer differs from what the rows give.',
  })
  online!: unknown;
}
