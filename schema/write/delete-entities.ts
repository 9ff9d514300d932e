import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { formatLimit } from '../../limits/request-limits.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { StoreKindEnum } from '../registry/enums.js';
import { UserError } from '../user-error.js';

@InputType({ description: 'The input of `deleteEntities`.' })
export class DeleteEntitiesInput {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the entity type.' })
  entityType!: string;

  @Field(() => [ID], {
    description: `The entity ids, 1 to ${formatLimit(WRITE_LIMITS.maxDeletedEntities)}. A composite id is its parts joined by commas.`,
  })
  entityIds!: readonly string[];
}

@ObjectType({ simpleResolvers: true, description: 'Values that a deletion leaves in a store, or that come back.' })
export class RemainingValues {
  @Field(() => StoreKindEnum, { description: 'The kind of the store.' })
  store!: keyof typeof StoreKindEnum;

  @Field(() => String, { description: 'Why they remain, and what to do about it, for people.' })
  reason!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `deleteEntities`.' })
export class DeleteEntitiesPayload {
  @Field(() => Int, {
    description: 'The number of different entity ids that were deleted. An id without values counts.',
  })
  deleted!: number;

  @Field(() => [RemainingValues], { description: 'What remains. Empty if all values are gone for good.' })
  remaining!: readonly RemainingValues[];

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'The reads of the entities that were erased from the log of served values (docs/served-log.md). Null without such a log, ' +
      'or if nothing is deleted.',
  })
  erasedServedReads?: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'The rows of the entities that were erased from the quarantine (docs/expectations.md). Null if nothing is deleted.',
  })
  erasedQuarantinedRows?: bigint | null;

  @Field(() => [UserError], { description: 'The errors in the input. If there is one, nothing is deleted.' })
  userErrors!: readonly UserError[];
}
