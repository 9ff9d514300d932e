import { ArgsType, Field } from 'type-graphql';
import type { Instant } from '../../values/instant.js';
import { DateTime } from '../scalars/date-time.js';

const AS_OF =
  'A point in time (event time): each feature has its newest value with an event time at or before it. Null: current values. ' +
  'A correction that was written later counts, unless `knownAt` leaves it out.';
const KNOWN_AT =
  'A point in time (creation time): only values that were written at or before it count. Null: values count whenever they ' +
  'were written. A source without a creation time is refused with BAD_USER_INPUT.';
const STRICTLY_BEFORE =
  'true: a value with an event time of exactly `asOf` does not count. Without `asOf`, the time of the request is meant.';
const INCLUDE_EXPIRED =
  'true: a feature with the status EXPIRED has its value, also in its typed field. false: the value is null.';

/** The arguments of every read of entities: event time, creation time, and which values count. */
@ArgsType()
export class ReadArguments {
  @Field(() => DateTime, { nullable: true, description: AS_OF })
  asOf!: Instant | null | undefined;

  @Field(() => DateTime, { nullable: true, description: KNOWN_AT })
  knownAt!: Instant | null | undefined;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: STRICTLY_BEFORE })
  strictlyBefore!: boolean | null | undefined;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: INCLUDE_EXPIRED })
  includeExpired!: boolean | null | undefined;
}

/** The same for the typed fields, which are made without type-graphql. */
export const READ_ARGUMENTS = [
  { name: 'asOf', type: 'DateTime', description: AS_OF },
  { name: 'knownAt', type: 'DateTime', description: KNOWN_AT },
  { name: 'strictlyBefore', type: 'Boolean', description: STRICTLY_BEFORE },
  { name: 'includeExpired', type: 'Boolean', description: INCLUDE_EXPIRED },
] as const;
