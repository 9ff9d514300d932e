import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { CostEstimate } from '../cost/cost-estimate.js';
import { Node } from '../node.js';
import { DriftMetricEnum } from '../registry/feature-drift.js';
import { Monitor } from '../registry/monitor.js';
import { DateTime } from '../scalars/date-time.js';
import { Job } from './job.js';

/* schema must not import a service, so the values are repeated here. A test compares them with the originals. */
export const MonitorTriggerEnum = { REQUEST: 'REQUEST', SCHEDULE: 'SCHEDULE' } as const;

registerEnumType(MonitorTriggerEnum, {
  name: 'MonitorTrigger',
  description: 'What started the run of a monitor.',
  valuesConfig: {
    REQUEST: { description: 'The mutation `runMonitor`.' },
    SCHEDULE: { description: 'The schedule of the monitor in the registry.' },
  },
});

export const MonitorCheckKindEnum = {
  DRIFT: 'DRIFT',
  NULL_SHARE: 'NULL_SHARE',
  FRESHNESS: 'FRESHNESS',
  SERVED_SKEW: 'SERVED_SKEW',
} as const;

registerEnumType(MonitorCheckKindEnum, {
  name: 'MonitorCheckKind',
  description: 'What a monitor checks. Later versions may add checks.',
  valuesConfig: {
    DRIFT: { description: 'The distance between the values in the window and in the baseline.' },
    NULL_SHARE: { description: 'The share of missing values in the window, from 0 to 1.' },
    FRESHNESS: { description: 'The seconds from the newest row of a source to the end of the window.' },
    SERVED_SKEW: {
      description:
        'The share of values in the log of served values that differ from the history as of their reads, from 0 to 1.',
    },
  },
});

export const MonitorAlertStateEnum = { NONE: 'NONE', UNCHANGED: 'UNCHANGED', SENT: 'SENT', FAILED: 'FAILED' } as const;

registerEnumType(MonitorAlertStateEnum, {
  name: 'MonitorAlertState',
  description: 'Whether a run sent an alert.',
  valuesConfig: {
    NONE: { description: 'No: the monitor has no webhook, or the run is of a past moment.' },
    UNCHANGED: { description: 'No: no finding began or ended since the last alert.' },
    SENT: { description: 'Yes. A finding began or ended.' },
    FAILED: { description: 'The server did not take the alert. The next run sends it again.' },
  },
});

@ObjectType({
  simpleResolvers: true,
  description: 'A number that the run of a monitor measured, beside its threshold.',
})
export class MonitorCheck {
  @Field(() => MonitorCheckKindEnum, { description: 'What was checked.' })
  check!: keyof typeof MonitorCheckKindEnum;

  @Field(() => String, { description: 'The name of the source.' })
  source!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The name of the feature. Null for FRESHNESS, which is of a source.',
  })
  feature!: string | null;

  @Field(() => DriftMetricEnum, { nullable: true, description: 'The metric. Null if the check is not DRIFT.' })
  metric!: keyof typeof DriftMetricEnum | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'A distance, a share or seconds. Null if the window, or the baseline of DRIFT, has no value to measure; for FRESHNESS, ' +
      'if the window has no row; for SERVED_SKEW, if no read of the feature in the window is in the log.',
  })
  value!: number | null;

  @Field(() => Float, { description: 'The threshold, in the unit of the value.' })
  threshold!: number;

  @Field(() => Boolean, {
    description: 'Whether the value is greater than the threshold; for FRESHNESS, also if the window has no row.',
  })
  isFinding!: boolean;
}

@ObjectType({ implements: [Node, Job], description: 'A job that checks the features of a monitor and sends alerts.' })
export class MonitorRunJob {
  @Field(() => Monitor, { nullable: true, description: 'The monitor. Null if the registry no longer has it.' })
  monitor!: unknown;

  @Field(() => MonitorTriggerEnum, { description: 'What started the run.' })
  trigger!: keyof typeof MonitorTriggerEnum;

  @Field(() => DateTime, { nullable: true, description: 'The start of the window. Null until the job succeeds.' })
  windowFrom!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The end of the window, exclusive. Null until the job succeeds.',
  })
  windowBefore!: bigint | null;

  @Field(() => DateTime, { nullable: true, description: 'The start of the baseline. Null until the job succeeds.' })
  baselineFrom!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The end of the baseline, exclusive. Null until the job succeeds.',
  })
  baselineBefore!: bigint | null;

  @Field(() => [MonitorCheck], {
    nullable: true,
    description:
      'All that was measured, in the order of the features, of the features that the client may read of all entities. Null ' +
      'until the job succeeds.',
    complexity: listComplexity(),
  })
  checks!: readonly MonitorCheck[] | null;

  @Field(() => [MonitorCheck], {
    nullable: true,
    description: 'The checks whose threshold is passed. Empty: there are none. Null until the job succeeds.',
    complexity: listComplexity(),
  })
  findings!: readonly MonitorCheck[] | null;

  @Field(() => MonitorAlertStateEnum, {
    nullable: true,
    description: 'Whether the run sent an alert. Null until the job succeeds.',
  })
  alertState!: keyof typeof MonitorAlertStateEnum | null;

  @Field(() => CostEstimate, { nullable: true, description: 'The estimate that the job was admitted with.' })
  estimatedCost!: CostEstimate | null;
}
