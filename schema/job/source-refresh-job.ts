import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Node } from '../node.js';
import { EntityType } from '../registry/entity-type.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { Job } from './job.js';
import { ExpectationKindEnum, ViolationActionEnum } from '../registry/feature-expectation.js';
import { DateTime } from '../scalars/date-time.js';

export const RefreshTriggerEnum = {
  REQUEST: 'REQUEST',
  SCHEDULE: 'SCHEDULE',
  START: 'START',
  FILES: 'FILES',
  REGISTRY: 'REGISTRY',
} as const;

registerEnumType(RefreshTriggerEnum, {
  name: 'RefreshTrigger',
  description: 'What started a refresh.',
  valuesConfig: {
    REQUEST: { description: 'The mutation `refreshSource`.' },
    SCHEDULE: { description: 'The schedule of the source in the registry.' },
    START: { description: 'A start of the gateway with values that are out of date.' },
    FILES: { description: 'A change of the files, seen by `featuregraph dev`.' },
    REGISTRY: { description: 'The mutation `applyRegistry`.' },
  },
});

export const FullRefreshReasonEnum = {
  NOT_DECLARED: 'NOT_DECLARED',
  OTHER_INPUT_CHANGED: 'OTHER_INPUT_CHANGED',
  FILE_REMOVED: 'FILE_REMOVED',
  OLDER_ROWS_CHANGED: 'OLDER_ROWS_CHANGED',
  COLUMNS_CHANGED: 'COLUMNS_CHANGED',
} as const;

registerEnumType(FullRefreshReasonEnum, {
  name: 'FullRefreshReason',
  description: 'Why a refresh ran the whole SQL of a source.',
  valuesConfig: {
    NOT_DECLARED: { description: 'The registry has no `incremental` for the source.' },
    OTHER_INPUT_CHANGED: {
      description:
        'It was the first computation, or the SQL, a column or a file of another table changed, or a file changed ' +
        'during the computation before.',
    },
    FILE_REMOVED: { description: 'A file of a table with a watermark was deleted or renamed.' },
    OLDER_ROWS_CHANGED: {
      description: 'A file of a table with a watermark has another row up to the watermark than before.',
    },
    COLUMNS_CHANGED: { description: 'A file of a table with a watermark has other columns than before.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A source that a refresh computed.' })
export class ComputedSource {
  @Field(() => String, { description: 'The name of the source.' })
  source!: string;

  @Field(() => Boolean, { description: 'Whether the refresh computed only what changed. false: the whole SQL ran.' })
  isIncremental!: boolean;

  @Field(() => FullRefreshReasonEnum, {
    nullable: true,
    description: 'Why the whole SQL ran. Null if only what changed was computed.',
  })
  fullRefreshReason!: keyof typeof FullRefreshReasonEnum | null;

  @Field(() => BigIntScalar, { description: 'The rows of the tables that the SQL read.' })
  rowsRead!: bigint;

  @Field(() => BigIntScalar, { description: 'The rows that were computed and stored.' })
  rowsComputed!: bigint;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'The computed rows that were not stored, because they violate an expectation with QUARANTINE. Null for a job of an ' +
      'earlier release.',
  })
  rowsLeftOut!: bigint | null;
}

@ObjectType({ simpleResolvers: true, description: 'A computed row, by its entity and event time.' })
export class ComputedRow {
  @Field(() => String, { description: 'The id of the entity.' })
  entityId!: string;

  @Field(() => DateTime, { nullable: true, description: 'The event time. Null in a static source.' })
  timestamp!: bigint | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'An expectation of the registry that computed rows violate (docs/expectations.md).',
})
export class ComputedViolation {
  @Field(() => String, { description: 'The name of the source.' })
  source!: string;

  @Field(() => String, { nullable: true, description: 'The name of the feature. Null for UNIQUE_TIME.' })
  feature!: string | null;

  @Field(() => ExpectationKindEnum, { description: 'What the expectation is about.' })
  kind!: keyof typeof ExpectationKindEnum;

  @Field(() => ViolationActionEnum, { description: 'What the registry says of a violation.' })
  action!: keyof typeof ViolationActionEnum;

  @Field(() => String, { description: 'What is expected, for people.' })
  description!: string;

  @Field(() => BigIntScalar, {
    description:
      'Computed rows with such a value; for UNIQUE_TIME, rows that are not the only one of their entity at their event time.',
  })
  rows!: bigint;

  @Field(() => [ComputedRow], {
    description:
      'The first of these rows by entity id and event time: at most 10, and only of entities whose value the client may read.',
  })
  examples!: readonly ComputedRow[];
}

@ObjectType({
  implements: [Node, Job],
  description:
    'A job that recomputes the sources of an entity type whose SQL, files or columns changed. The old values are ' +
    'served until the new ones replace them. A refresh that fails leaves the old values.',
})
export class SourceRefreshJob {
  @Field(() => EntityType, {
    nullable: true,
    description: 'The entity type. Null if the registry no longer has it, or the client may not see it.',
  })
  entityType!: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'The name of the source to recompute. Null: every source with SQL.',
  })
  source!: string | null;

  @Field(() => RefreshTriggerEnum, { description: 'What started the refresh.' })
  trigger!: keyof typeof RefreshTriggerEnum;

  @Field(() => Int, {
    nullable: true,
    description:
      'The number of steps that ran: computed sources, and the fill of the online store. 0: nothing had changed. ' +
      'Null until the job succeeds.',
  })
  steps!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Computed rows without an id or a time. They are not stored. Null until the job succeeds.',
  })
  rejectedRows!: number | null;

  @Field(() => [ComputedSource], {
    nullable: true,
    description:
      'The sources that were computed, and how. Empty: none had changed. Null until the job succeeds, and for a job of ' +
      'an earlier release.',
  })
  computed!: readonly ComputedSource[] | null;

  @Field(() => [ComputedViolation], {
    nullable: true,
    description:
      'The expectations that computed rows violate. With REJECT, the job ends as FAILED and no row of the source is stored. ' +
      'With QUARANTINE, the rows with such a value are not stored. With WARN, they are. Null until the job ends, and for a ' +
      'job of an earlier release.',
  })
  violations!: readonly ComputedViolation[] | null;
}
