import { ArgsType, Field } from 'type-graphql';
import type { Instant } from '../../values/instant.js';
import { DateTime } from '../scalars/date-time.js';

const AS_OF =
  'Read what had become true by this moment (event time). null: the moment of the request. Not what was known then: ' +
  'a correction that was written later counts, unless knownAt leaves it out.';
const KNOWN_AT =
  'Read only rows that were written by this moment (creation time), so that later corrections and backfills do not count. ' +
  'null: rows count whenever they were written. BAD_USER_INPUT where a source has no creation time.';
const STRICTLY_BEFORE =
  'Leave out values of exactly the moment of asOf. Without asOf: of exactly the moment of the request.';
const INCLUDE_EXPIRED =
  'Give also the value of a feature whose status is EXPIRED. false: it is null. A typed field then has the value too.';

/** The arguments of every read of entities: both clocks, and what is left out. */
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
