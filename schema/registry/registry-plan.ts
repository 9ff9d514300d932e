import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { BigIntScalar } from '../scalars/big-int.js';

@ObjectType({ simpleResolvers: true, description: 'A change of the schema that can break a client.' })
export class SchemaBreak {
  @Field(() => String, { description: 'The member of the schema, e.g. Query.entity.asOf.' })
  path!: string;

  @Field(() => String, { description: 'The change, for people.' })
  message!: string;
}

@ObjectType({ simpleResolvers: true, description: 'A source that the registry file makes out of date.' })
export class RecomputedSource {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the entity type.' })
  entityType!: string;

  @Field(() => String, { description: 'The name of the source.' })
  source!: string;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'The stored rows, which the computed ones replace. Null if the source was never computed.',
  })
  rows!: bigint | null;

  @Field(() => BigIntScalar, { description: 'The size of the files of the tables that its SQL names, in bytes.' })
  bytes!: bigint;

  @Field(() => Boolean, {
    description: 'true: the old values are served during the computation. false: `applyRegistry` waits for it.',
  })
  isServedMeanwhile!: boolean;
}

export const RenamedKindEnum = { ENTITY_TYPE: 'ENTITY_TYPE', SOURCE: 'SOURCE', FEATURE: 'FEATURE' } as const;

registerEnumType(RenamedKindEnum, {
  name: 'RenamedKind',
  description: 'The kind of the renamed item.',
  valuesConfig: {
    ENTITY_TYPE: { description: 'An entity type.' },
    SOURCE: { description: 'A source of an entity type.' },
    FEATURE: { description: 'A feature.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A thing that the registry file gives another name.' })
export class Rename {
  @Field(() => RenamedKindEnum, { description: 'The kind of the renamed item.' })
  kind!: keyof typeof RenamedKindEnum;

  @Field(() => String, { description: 'The name that is served now, e.g. shop.customer.total.' })
  from!: string;

  @Field(() => String, { description: 'The name in the file.' })
  to!: string;
}

@ObjectType({
  simpleResolvers: true,
  description: 'What `applyRegistry` would do with the present registry file.',
})
export class RegistryPlan {
  @Field(() => [String], {
    description: 'Why the file cannot be applied: its faults, with line and column, or changes that need a restart.',
  })
  faults!: readonly string[];

  @Field(() => [SchemaBreak], { description: 'Changes of the schema that can break a client.' })
  breaks!: readonly SchemaBreak[];

  @Field(() => [String], {
    description: 'The changes of the schema, for people, without those inside an added type or field.',
  })
  changes!: readonly string[];

  @Field(() => [String], {
    description:
      'What is expected of the values of features that is not expected now, and the reverse, for people. Values that are ' +
      'stored already stay, and are not checked.',
  })
  expectations!: readonly string[];

  @Field(() => [RecomputedSource], { description: 'The sources that are recomputed.' })
  recomputed!: readonly RecomputedSource[];

  @Field(() => [String], {
    description: 'Features that the file no longer has, as featurestore.entityType.feature.',
  })
  removed!: readonly string[];

  @Field(() => [Rename], {
    description: 'Entity types, sources and features with another name. Their values move to the new name.',
  })
  renamed!: readonly Rename[];
}

@InputType({ description: 'The input of `applyRegistry`.' })
export class ApplyRegistryInput {
  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Apply the file although it has changes that can break a client.',
  })
  force!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `applyRegistry`.' })
export class ApplyRegistryPayload {
  @Field(() => RegistryPlan, { description: 'The plan. Its faults and breaks are the reasons of a refusal.' })
  plan!: unknown;

  @Field(() => Boolean, { description: 'Whether the file is served now. false: the registry before it is.' })
  isApplied!: boolean;

  @Field(() => [String], { description: 'The ids of the jobs that recompute sources in the background.' })
  jobIds!: readonly string[];
}
