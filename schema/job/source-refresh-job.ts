import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Node } from '../node.js';
import { EntityType } from '../registry/entity-type.js';
import { Job } from './job.js';

export const RefreshTriggerEnum = {
  REQUEST: 'REQUEST',
  START: 'START',
  FILES: 'FILES',
  REGISTRY: 'REGISTRY',
} as const;

registerEnumType(RefreshTriggerEnum, {
  name: 'RefreshTrigger',
  description: 'What started a refresh.',
  valuesConfig: {
    REQUEST: { description: 'The mutation `refreshSource`.' },
    START: { description: 'A start of the gateway with values that are out of date.' },
    FILES: { description: 'A change of the files, seen by `featuregraph dev`.' },
    REGISTRY: { description: 'The mutation `applyRegistry`.' },
  },
});

@ObjectType({
  implements: [Node, Job],
  description:
    'A job that recomputes the sources of an entity type whose SQL, files or columns changed. The old values are ' +
    'served until the new ones replace them. A refresh that fails leaves the old values.',
})
export class SourceRefreshJob {
  @Field(() => EntityType, { nullable: true, description: 'The entity type. Null if the registry no longer has it.' })
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
}
