import { ArgsType, Field } from 'type-graphql';
import type { Instant } from '../../values/instant.js';
import { DateTime } from '../scalars/date-time.js';

const AS_OF =
  'A point in time (event time): each feature has its newest value with an event time at or before it. Null: ' +
  'current values. Corrections that were written later count; `knownAt` excludes them.';
const KNOWN_AT =
  'A point in time (creation time): the read uses only values that were written at or before it. Null: the ' +
  'read uses values regardless of when they were written. A source without a creation time is refused with ' +
  'BAD_USER_INPUT.';
const STRICTLY_BEFORE =
  'true: the read uses values with an event time before `asOf`, or before the request if `asOf` is null. ' +
  'false: before it or at it.';
const INCLUDE_EXPIRED =
  'true: a feature with the status EXPIRED has its value, in its typed field too. false: its value is null.';

/** The arguments of every read of entities. */
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

/** The same arguments for the typed fields, which are made without type-graphql. */
export const READ_ARGUMENTS = [
  { name: 'asOf', type: 'DateTime', description: AS_OF },
  { name: 'knownAt', type: 'DateTime', description: KNOWN_AT },
  { name: 'strictlyBefore', type: 'Boolean', description: STRICTLY_BEFORE },
  { name: 'includeExpired', type: 'Boolean', description: INCLUDE_EXPIRED },
] as const;
