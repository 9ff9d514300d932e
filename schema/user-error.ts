import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { JSONObject, type JsonObject } from './scalars/json-object.js';
import { ERROR_CODES, type ErrorCode } from '../errors/error-codes.js';

/** The codes of errors in the input of a mutation. All other codes are errors of the field (docs/errors.md). */
export const USER_ERROR_CODES = [
  'BAD_USER_INPUT',
  'PERMISSION_DENIED',
  'FEATURESTORE_NOT_FOUND',
  'ENTITY_TYPE_NOT_FOUND',
  'FEATURE_NOT_FOUND',
  'FEATURE_NOT_WRITABLE',
  'EXPECTATION_VIOLATED',
  'FEATURE_VIEW_NOT_FOUND',
  'MONITOR_NOT_FOUND',
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
  description: 'The kind of a UserError. Later versions may add codes: treat an unknown code as BAD_USER_INPUT.',
  valuesConfig: Object.fromEntries(
    USER_ERROR_CODES.map((code) => [code, { description: ERROR_CODES[code].meaning }] as const),
  ),
});

@ObjectType({
  simpleResolvers: true,
  description:
    'An error in the input of a mutation. A mutation that starts a job then changed nothing. A mutation that writes rows has written the others.',
})
export class UserError {
  @Field(() => String, { description: 'The error and its remedy, for people.' })
  message!: string;

  @Field(() => UserErrorCodeEnum, { description: 'The kind of error, for programs.' })
  code!: UserErrorCode;

  @Field(() => [String], {
    nullable: true,
    description:
      'The path of the invalid value, e.g. ["input", "trainingSet", "labels", "source", "rows", "3"]. Null if ' +
      'the error concerns no single value.',
  })
  field!: readonly string[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The number of the invalid row of the input, from 0. Null if the error concerns no row.',
  })
  row!: number | null;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'The estimate that exceeds the limit, with its lines. Null unless the code is COST_OVER_LIMIT.',
  })
  estimate!: JsonObject | null;
}
