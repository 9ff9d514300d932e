import { estimateTable } from '../../cli/cost-tables.js';
import type { LegacyFeaturestore } from '../../datasources/google/vertex/legacy-featurestore.js';
import { endOfService } from '../../datasources/google/vertex/end-of-service.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import type { MigrationCosts } from '../migration-costs.js';
import type { MigrationPlan } from '../migration-plan.js';
import type { MigrationStep } from '../migration-steps.js';
import type { MigrationTarget } from '../migration-target.js';
import { timeline } from '../timeline.js';

export interface PlanFacts {
  readonly legacies: readonly LegacyFeaturestore[];
  readonly target: MigrationTarget;
  readonly plan: MigrationPlan;
  /** The feature views that each project has already, without those of this plan. */
  readonly usedViews: ReadonlyMap<string, number>;
  readonly costs: MigrationCosts;
  readonly historyGib: number | null;
  /** Name clashes, one sentence each. */
  readonly clashes: readonly string[];
  readonly registry: string;
  readonly now: Instant;
}

/** The whole plan as Markdown. */
export function planText(facts: PlanFacts): string {
  const { legacies, target, plan, costs, clashes, registry, now } = facts;
  const features = plan.types.reduce((sum, type) => sum + type.features.length, 0);
  const names = legacies.map(({ name }) => name).join(', ');
  return [
    `# Moving ${names} off Vertex AI Feature Store (Legacy)`,
    `Project ${target.project}, ${target.location}, read ${formatInstant(now).slice(0, 10)}. The API ${endOfService(now)}. ` +
      `${plan.types.length} entity types and ${features} features move.`,
    '## Timeline',
    timelineTable(now),
    '## Quota of feature views',
    quotaTable(facts),
    '## Costs',
    costText(costs, facts.historyGib),
    '## Steps',
    '`featuregraph migrate run` does them in this order. It stops at each decision, which is yours.',
    ...phasesOf(plan.steps).map(phaseText),
    '## Registry',
    'Serve it from the step dual-writes on. `featuregraph migrate registry` prints it again.',
    `\`\`\`yaml\n${registry}\`\`\``,
    '## What cannot move',
    [...clashes, ...plan.cannotMove].map((sentence) => `- ${sentence}`).join('\n'),
    '',
  ].join('\n\n');
}

export function timelineTable(now: Instant): string {
  return [
    '| latest day | until then |',
    '| --- | --- |',
    ...timeline(now).map(({ latest, what, isLate }) => `| ${latest}${isLate ? ' (past)' : ''} | ${what} |`),
    '| 2027-02-17 | the API is gone: what is not exported is lost |',
  ].join('\n');
}

function quotaTable({ plan, target, usedViews }: PlanFacts): string {
  return [
    '| project | there | planned | quota |',
    '| --- | --- | --- | --- |',
    ...target.viewProjects.map((project) => {
      const planned = plan.views.filter((view) => view.project === project).length;
      return `| ${project} | ${usedViews.get(project) ?? 0} | ${planned} | ${target.viewQuota} |`;
    }),
  ].join('\n');
}

function costText({ firstMonth, legacyMonth }: MigrationCosts, historyGib: number | null): string {
  return [
    historyGib === null
      ? 'The first month of the new stores. The API does not say how large the history is: with `--history-gib` the BigQuery parts are in it.'
      : `The first month of the new stores, with a history of ${historyGib} GiB.`,
    `\`\`\`text\n${estimateTable(firstMonth)}\`\`\``,
    'Not in it: the price of an export, for which there is no published figure here, and the bytes that syncs copy.',
    ...(legacyMonth
      ? [
          'The legacy nodes cost this each month until you delete them:',
          `\`\`\`text\n${estimateTable(legacyMonth)}\`\`\``,
        ]
      : []),
  ].join('\n\n');
}

function phasesOf(steps: readonly MigrationStep[]): MigrationStep[][] {
  return [...Map.groupBy(steps, ({ phase }) => phase).values()];
}

function phaseText(steps: readonly MigrationStep[], index: number): string {
  const [first] = steps;
  const head = `### ${index + 1}. ${first!.phase}${first!.kind === 'decision' ? ': your decision' : ''}`;
  const lines = steps.map((step) => `- ${step.title}\n  - cost: ${step.cost}; to undo: ${step.undo}`);
  const instructions = steps.flatMap((step) => (step.kind === 'decision' ? step.instructions : []));
  return [head, lines.join('\n'), ...instructions].join('\n\n');
}
