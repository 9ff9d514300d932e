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
  description: 'What began a sync.',
  valuesConfig: {
    REQUEST: { description: 'A client asked for it here.' },
    SCHEDULE: { description: 'The schedule of the feature view, as the gateway keeps it.' },
    EXTERNAL: { description: 'Something outside of the gateway, such as the schedule as Vertex AI keeps it.' },
  },
});

@ObjectType({
  implements: [Node, Job],
  description:
    'The newest values of a feature view brought from the offline into the online store. Its items are rows, one an entity ' +
    'and source. What was deleted offline stays online. A sync that Vertex AI does cannot be cancelled there: asked to stop, ' +
    'it stays CANCELLING and ends as it would have.',
})
export class FeatureViewSyncJob {
  @Field(() => FeatureView, { nullable: true, description: 'The view; null when it is no longer in the registry.' })
  featureView!: unknown;

  @Field(() => SyncTriggerEnum, { description: 'What began it.' })
  trigger!: keyof typeof SyncTriggerEnum;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Rows that it brought, one an entity and source; null before the end, or when nobody says.',
  })
  rowsSynced!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'All that was known at this moment (UTC) is served since; null unless it succeeded.',
  })
  dataWatermark!: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'What BigQuery worked for it, in milliseconds of a slot; null before the end, or when nobody says.',
  })
  slotMilliseconds!: bigint | null;

  @Field(() => CostEstimate, {
    nullable: true,
    description:
      'What it was estimated to cost before it began, in bytes scanned, by the prices of that time; null for one that ' +
      'began elsewhere, or reads tables that the gateway does not know.',
  })
  estimatedCost!: CostEstimate | null;
}
