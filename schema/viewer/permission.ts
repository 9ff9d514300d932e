import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { SensitivityEnum } from '../registry/enums.js';

/* schema must not import a service, so the actions are repeated here. A test compares them with the originals. */
export const PolicyActionEnum = {
  READ: 'READ',
  WRITE: 'WRITE',
  DELETE: 'DELETE',
  TRAINING_SET: 'TRAINING_SET',
  BATCH_PREDICTION: 'BATCH_PREDICTION',
  FEATURE_VIEW_SYNC: 'FEATURE_VIEW_SYNC',
  SOURCE_REFRESH: 'SOURCE_REFRESH',
  MONITOR_RUN: 'MONITOR_RUN',
  READ_FILE: 'READ_FILE',
  WRITE_FILE: 'WRITE_FILE',
  READ_TABLE: 'READ_TABLE',
  WRITE_TABLE: 'WRITE_TABLE',
  SEE_JOBS: 'SEE_JOBS',
  CANCEL_JOBS: 'CANCEL_JOBS',
  APPLY_REGISTRY: 'APPLY_REGISTRY',
} as const;

registerEnumType(PolicyActionEnum, {
  name: 'PolicyAction',
  description: 'What a policy allows or denies. Later versions may add actions.',
  valuesConfig: {
    READ: { description: 'Read feature values.' },
    WRITE: { description: 'Write feature values.' },
    DELETE: { description: 'Delete entities, with the values of all their features.' },
    TRAINING_SET: { description: 'Make, preview, validate and estimate training sets, of features that READ allows.' },
    BATCH_PREDICTION: { description: 'Run and estimate batch predictions of a model.' },
    FEATURE_VIEW_SYNC: { description: 'Sync feature views.' },
    SOURCE_REFRESH: { description: 'Recompute sources.' },
    MONITOR_RUN: { description: 'Run and estimate monitors, of features that READ allows.' },
    READ_FILE: { description: 'Name a file as labels or as the input of a batch prediction.' },
    WRITE_FILE: { description: 'Name a file or folder as the output of a job.' },
    READ_TABLE: { description: 'Name a table as labels or as the input of a batch prediction.' },
    WRITE_TABLE: { description: 'Name a table as the output of a job.' },
    SEE_JOBS: { description: 'See the jobs of others, with their results.' },
    CANCEL_JOBS: { description: 'Cancel the jobs of others, among those that SEE_JOBS allows.' },
    APPLY_REGISTRY: { description: 'Apply the registry file of the gateway, and plan it.' },
  },
});

export const PolicyEffectEnum = { ALLOW: 'ALLOW', DENY: 'DENY' } as const;

registerEnumType(PolicyEffectEnum, {
  name: 'PolicyEffect',
  description: 'What a rule of a policy does.',
  valuesConfig: {
    ALLOW: { description: 'It allows the actions, unless another rule denies them.' },
    DENY: { description: 'It denies the actions, whatever other rules allow.' },
  },
});

const ALL = 'Null: all. In a pattern, * is any text.';

@ObjectType({
  simpleResolvers: true,
  description: 'A rule of the policy that applies to the client. What no rule allows is denied.',
})
export class Permission {
  @Field(() => String, { description: 'The name of the rule.' })
  rule!: string;

  @Field(() => PolicyEffectEnum, { description: 'Whether it allows or denies.' })
  effect!: keyof typeof PolicyEffectEnum;

  @Field(() => [PolicyActionEnum], { description: 'What it allows or denies.' })
  actions!: readonly (keyof typeof PolicyActionEnum)[];

  @Field(() => [String], { nullable: true, description: `Patterns of featurestores. ${ALL}` })
  featurestores!: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: `Patterns of entity types. ${ALL}` })
  entityTypes!: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: `Patterns of features. ${ALL}` })
  features!: readonly string[] | null;

  @Field(() => [SensitivityEnum], { nullable: true, description: 'Sensitivities of features. Null: all.' })
  sensitivity!: readonly (keyof typeof SensitivityEnum)[] | null;

  @Field(() => [String], {
    nullable: true,
    description: `Patterns of entity ids, as the policy has them: {name} and {claims.…} are those of the client. ${ALL}`,
  })
  entityIds!: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: `Patterns of models. ${ALL}` })
  models!: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: `Patterns of files. ${ALL}` })
  files!: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: `Patterns of tables. ${ALL}` })
  tables!: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: `Patterns of the principals whose jobs it is about. ${ALL}` })
  createdBy!: readonly string[] | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The maximum estimate of one job or preview, in US dollars. Null: the rule sets no limit.',
  })
  maxCostUsd!: number | null;
}
