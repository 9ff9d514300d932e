import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { formatLimit, REQUEST_LIMITS } from '../../limits/request-limits.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import type { Instant } from '../../values/instant.js';
import { DateTime } from '../scalars/date-time.js';
import { FeatureScalar } from '../scalars/feature-scalar.js';
import { UserError } from '../user-error.js';
import { ExpectationViolation } from './expectation-violation.js';

@InputType({ description: 'A value to write.' })
export class WrittenValueInput {
  @Field(() => String, { description: 'The name of the feature. Its source has no SQL.' })
  feature!: string;

  @Field(() => FeatureScalar, {
    nullable: true,
    description:
      'The value, in the JSON of its ValueType. Null: a written null. In a dense entity type the feature is then NULL. ' +
      'In others its last value stays.',
  })
  value!: unknown;
}

@InputType({ description: 'Values of one entity that became true together.' })
export class WrittenRowInput {
  @Field(() => String, { description: 'The name of the entity type.' })
  entityType!: string;

  @Field(() => ID, { description: 'The entity id. A composite id is its parts joined by commas.' })
  entityId!: string;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The event time: when the values became true. It is required, except in a row with only static features, which ' +
      `has none. It is in 1900 or later, and at most ${WRITE_LIMITS.maxYearsAhead} years ahead. A value of the future is read when its time comes.`,
  })
  timestamp!: Instant | null | undefined;

  @Field(() => [WrittenValueInput], {
    description:
      'At least one value. In a dense entity type a row has every feature of its source. In others, features without ' +
      'an entry keep their values.',
  })
  values!: readonly WrittenValueInput[];
}

@InputType({ description: 'The input of `writeFeatureValues`.' })
export class WriteFeatureValuesInput {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => [WrittenRowInput], {
    description: `The rows, at most ${formatLimit(WRITE_LIMITS.maxRows)}, of one or more entity types.`,
  })
  rows!: readonly WrittenRowInput[];

  @Field(() => String, {
    nullable: true,
    description:
      `An idempotency key, e.g. a UUID, of at most ${REQUEST_LIMITS.maxIdempotencyKeyBytes} bytes. A second request with the same key and rows ` +
      'writes nothing and returns the first result. With other rows it is refused. Null: a repeated row is a ' +
      'duplicate while its values are the last ones of its event time.',
  })
  idempotencyKey!: string | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `writeFeatureValues`.' })
export class WriteFeatureValuesPayload {
  @Field(() => Int, { description: 'The number of rows that this request wrote. They are durable.' })
  written!: number;

  @Field(() => Int, { description: 'The number of rows that were written before, with the same values.' })
  duplicates!: number;

  @Field(() => Int, {
    description:
      'The number of rows that are kept in the quarantine, because a value is not as the registry expects ' +
      '(docs/expectations.md). They are durable there, and not served.',
  })
  quarantined!: number;

  @Field(() => [ExpectationViolation], {
    description:
      'The values that are not as the registry expects, of rows in the quarantine and of written rows: at most 10 of a ' +
      'row. A row that is refused for it is in `userErrors`.',
  })
  violations!: readonly ExpectationViolation[];

  @Field(() => [UserError], { description: 'The errors in rows. The other rows are written.' })
  userErrors!: readonly UserError[];
}
