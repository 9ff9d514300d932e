import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { CostEstimate } from '../cost/cost-estimate.js';
import { Node } from '../node.js';
import { FeatureView } from '../registry/feature-view.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { DateTime } from '../scalars/date-time.js';
import { Job } from './job.js';

export const SyncTriggerEnum = { REQUEST: 'REQUEST', SCHEDULE: 'SCHEDULE', EXTERNAL: 'EXTERNAL' } as const;

registerEnumType(SyncTriggerEnum, {
  name: 'SyncTrigger',
  description: 'What started a sync.',
  valuesConfig: {
    REQUEST: { description: 'The mutation `syncFeatureView`.' },
    SCHEDULE: { description: 'The schedule of the feature view, run by the gateway.' },
    EXTERNAL: { description: 'A system other than the gateway, e.g. the schedule of the feature view on Vertex AI.' },
  },
});

@ObjectType({
  implements: [Node, Job],
  description:
    'A job that copies the newest values of a feature view from the offline store to the online store. It ' +
    'deletes nothing: a value that is no longer in the offline store stays in the online store. Vertex AI ' +
    'cannot cancel a sync: such a job stays CANCELLING until the sync ends.',
})
export class FeatureViewSyncJob {
  @Field(() => FeatureView, {
    nullable: true,
    description: 'The feature view. Null if the registry no longer has it, or the client may not see it.',
  })
  featureView!: unknown;

  @Field(() => SyncTriggerEnum, { description: 'What started the sync.' })
  trigger!: keyof typeof SyncTriggerEnum;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'Rows copied: the values of one entity in one source are a row. Null until the job ends, or if the system ' +
      'that ran it does not report it.',
  })
  rowsSynced!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The data watermark, in UTC: the online store has all values that were in the offline store at this time. ' +
      'Null until the job succeeds, except for a continuous sync on Vertex AI.',
  })
  dataWatermark!: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'The slot time that BigQuery used, in milliseconds. Null until the job ends, or if the system that ran it ' +
      'does not report it.',
  })
  slotMilliseconds!: bigint | null;

  @Field(() => CostEstimate, {
    nullable: true,
    description:
      'The cost estimated at the start, from the bytes that the sync scans and the prices of that time. Null if ' +
      'the trigger is EXTERNAL, or if the gateway does not know the size of the tables.',
  })
  estimatedCost!: CostEstimate | null;
}
