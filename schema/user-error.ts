import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { JSONObject, type JsonObject } from './scalars/json-object.js';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';

/** The codes that say what is wrong with what a mutation was asked for; all others fail the field (docs/errors.md). */
export const USER_ERROR_CODES = [
  'BAD_USER_INPUT',
  'FEATURESTORE_NOT_FOUND',
  'ENTITY_TYPE_NOT_FOUND',
  'FEATURE_NOT_FOUND',
  'FEATURE_VIEW_NOT_FOUND',
  'MODEL_NOT_FOUND',
  'JOB_NOT_FOUND',
  'FILE_NOT_FOUND',
  'TABLE_NOT_FOUND',
  'MODEL_UNAVAILABLE',
  'COST_OVER_LIMIT',
] as const satisfies readonly ErrorCode[];

export type UserErrorCode = (typeof USER_ERROR_CODES)[number];

const UserErrorCodeEnum = Object.fromEntries(USER_ERROR_CODES.map((code) => [code, code]));

registerEnumType(UserErrorCodeEnum, {
  name: 'UserErrorCode',
  description: 'What kind of fault a mutation found in its input. May grow: treat an unknown one as BAD_USER_INPUT.',
  valuesConfig: Object.fromEntries(
    USER_ERROR_CODES.map((code) => [code, { description: ERROR_CODES[code].meaning }] as const),
  ),
});

@ObjectType({
  simpleResolvers: true,
  description: 'A fault in the input of a mutation, for which nothing was changed.',
})
export class UserError {
  @Field(() => String, { description: 'What is wrong and what to do.' })
  message!: string;

  @Field(() => UserErrorCodeEnum, { description: 'The kind of fault, for programs.' })
  code!: UserErrorCode;

  @Field(() => [String], {
    nullable: true,
    description:
      'The way to the value at fault, e.g. ["input", "labels", "source", "rows", "3"]; null when it is the whole.',
  })
  field!: readonly string[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The row at fault, from 0, where the input has rows; null elsewhere.',
  })
  row!: number | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'The estimate that is over the limit (COST_OVER_LIMIT), with its lines; null elsewhere.',
  })
  estimate!: JsonObject | null;
}
