import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { formatLimit, REQUEST_LIMITS } from '../../limits/request-limits.js';
import { OneOf } from '../one-of.js';
import { DateTime } from '../scalars/date-time.js';

@OneOf
@InputType({
  description: 'The interval between the times of generated labels: exactly one of its fields, at least 1.',
})
export class LabelIntervalInput {
  @Field(() => Int, { nullable: true, description: 'A number of seconds, whatever clocks show. 86400 is 24 hours.' })
  seconds!: number | undefined;

  @Field(() => Int, {
    nullable: true,
    description: 'A number of days of the time zone: all times have the time of day of `from`.',
  })
  days!: number | undefined;

  @Field(() => Int, { nullable: true, description: 'A number of weeks of the time zone: as 7 days each.' })
  weeks!: number | undefined;
}

@InputType({ description: 'Times of labels at an interval. Each entity that exists at such a time is a label.' })
export class RegularLabelTimesInput {
  @Field(() => DateTime, { description: 'The first time.' })
  from!: bigint;

  @Field(() => DateTime, { description: 'The end, exclusive: all times are before it.' })
  until!: bigint;

  @Field(() => LabelIntervalInput, {
    description: `The interval. At most ${formatLimit(REQUEST_LIMITS.maxLabelTimes)} times.`,
  })
  every!: LabelIntervalInput;

  @Field(() => String, {
    nullable: true,
    defaultValue: 'UTC',
    description:
      'The IANA name of the time zone whose days count, e.g. "Europe/Berlin". A time of day that its clocks skip or show ' +
      'twice on one of the days is refused with BAD_USER_INPUT.',
  })
  timeZone!: string | null | undefined;
}

@InputType({ description: 'Times of labels at events: each event of an entity is one label of it.' })
export class EventLabelTimesInput {
  @Field(() => String, {
    description:
      'The name of a feature of the entity type. The events are the event times of the rows of its source. Several rows ' +
      'of an entity at one time are one event.',
  })
  feature!: string;

  @Field(() => DateTime, { description: 'The earliest event time, inclusive.' })
  from!: bigint;

  @Field(() => DateTime, { description: 'The end, exclusive.' })
  until!: bigint;
}

@OneOf
@InputType({ description: 'The times of generated labels: exactly one of its fields.' })
export class LabelTimesInput {
  @Field(() => RegularLabelTimesInput, { nullable: true, description: 'Times at an interval.' })
  regular!: RegularLabelTimesInput | undefined;

  @Field(() => EventLabelTimesInput, { nullable: true, description: 'The times of events.' })
  events!: EventLabelTimesInput | undefined;
}

@InputType({
  description:
    'Labels that the gateway generates: entities of `entityType` and times. They have the columns `timeColumn` and ' +
    '`entityIdColumns`, and are in the order of their times. An entity exists at a time if one of the sources of the ' +
    'requested features has a row of it with an event time at or before the time (with `strictlyBefore`: before it). With ' +
    '`knownAt`, only rows written by then count. With `knownAtLabelTime`, only rows written by the time of the label count.',
})
export class GeneratedLabelsInput {
  @Field(() => [ID], {
    nullable: true,
    description: `The ids of the entities, at most ${formatLimit(REQUEST_LIMITS.maxEntityIds)}. Null: all entities.`,
  })
  entityIds!: string[] | null | undefined;

  @Field(() => LabelTimesInput, { description: 'The times.' })
  times!: LabelTimesInput;
}

@ObjectType({ simpleResolvers: true, description: 'The labels that a training set job generated.' })
export class GeneratedLabels {
  @Field(() => Int, {
    nullable: true,
    description: 'The number of entities that the request named. Null: all entities.',
  })
  namedEntities!: number | null;

  @Field(() => DateTime, { description: 'The first time, inclusive.' })
  from!: bigint;

  @Field(() => DateTime, { description: 'The end, exclusive.' })
  until!: bigint;

  @Field(() => Int, { nullable: true, description: 'The interval in seconds. Null: in days, or at events.' })
  everySeconds!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The interval in days of the time zone. Null: in seconds, or at events.',
  })
  everyDays!: number | null;

  @Field(() => String, { nullable: true, description: 'The time zone of the days. Null: at events.' })
  timeZone!: string | null;

  @Field(() => String, { nullable: true, description: 'The feature whose event times they are. Null: at an interval.' })
  eventsOf!: string | null;
}
