import { toErrorMessage } from '../../errors/error-message.js';
import { OperatorError } from '../../errors/operator-error.js';
import { forEachConcurrent } from '../../runtime/for-each-concurrent.js';
import type { MigrationStep, StepKind, StepOf } from '../migration-steps.js';
import { isDone } from '../state/state-document.js';
import type { StateFile } from '../state/state-file.js';
import { createFeatureGroup, createFeatures, createOnlineStore, createView } from './create-resources.js';
import { exportValues } from './export-values.js';
import { createTable, mergeExport } from './fill-table.js';
import { grantAccess } from './grant-access.js';
import { preflight } from './preflight.js';
import type { StepContext, StepServices } from './step-context.js';
import { syncView } from './sync-view.js';

/** A step, and what became of it. */
export interface StepReport {
  readonly step: MigrationStep;
  readonly outcome: 'begun' | 'done' | 'failed';
  readonly note: string | null;
}

export interface RunOptions {
  readonly state: StateFile;
  readonly services: StepServices;
  readonly signal: AbortSignal;
  readonly report: (report: StepReport) => void;
  /** Stops after this step or phase. */
  readonly until?: string | undefined;
  /** The decisions that the operator has made. */
  readonly confirmed?: readonly string[] | undefined;
  /** At most so many steps at once; default: the table below. */
  readonly concurrency?: number | undefined;
}

export type RunEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'until' }
  | { readonly kind: 'decision'; readonly step: StepOf<'decision'> };

/** How many steps run at once. D quotas: 75 batch jobs of a project and region, which others use too. */
const CONCURRENCY: Readonly<Record<Exclude<StepKind, 'decision'>, number>> = {
  preflight: 1,
  export: 10,
  table: 5,
  merge: 5,
  'feature-group': 5,
  features: 3,
  'online-store': 2,
  view: 5,
  grant: 1,
  sync: 5,
};

/**
 * Does the steps of a plan that are not done, phase by phase, until the next decision of a human. The first failure stops
 * it: no further step begins, and the running ones end.
 */
export async function runMigration(options: RunOptions): Promise<RunEnd> {
  const { state, signal, until, confirmed = [], concurrency = Infinity } = options;
  const { steps } = state.document;
  checkNames(steps, until, confirmed);
  for (const phase of toPhases(steps)) {
    const pending = phase.filter((step) => !isDone(state.document, step));
    const decision = pending.find((step) => step.kind === 'decision');
    if (decision) {
      if (!confirmed.includes(decision.id)) return { kind: 'decision', step: decision };
      await state.begin(decision.id);
      await state.end(decision.id, 'done', 'The operator confirmed it.');
      options.report({ step: decision, outcome: 'done', note: null });
    } else {
      const last = pending.findIndex(({ id }) => id === until);
      const chosen = last === -1 ? pending : pending.slice(0, last + 1);
      const [{ kind } = { kind: 'preflight' as const }] = chosen;
      const limit = Math.min(concurrency, kind === 'decision' ? 1 : CONCURRENCY[kind]);
      await forEachConcurrent(chosen, limit, async (step) => {
        signal.throwIfAborted();
        await runStep(step, options);
      });
    }
    if (phase.some((step) => step.id === until || step.phase === until)) return { kind: 'until' };
  }
  return { kind: 'finished' };
}

async function runStep(step: MigrationStep, { state, services, signal, report }: RunOptions): Promise<void> {
  await state.begin(step.id);
  report({ step, outcome: 'begun', note: null });
  try {
    const note = await execute(step, { state, services, signal });
    await state.end(step.id, 'done', note);
    report({ step, outcome: 'done', note });
  } catch (error) {
    // An interrupted step is begun, not failed.
    if (signal.aborted) throw error;
    const note = toErrorMessage(error);
    await state.end(step.id, 'failed', note.slice(0, 1000));
    report({ step, outcome: 'failed', note });
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`${step.title}: ${note}`, [], { cause: error });
  }
}

function execute(step: MigrationStep, context: StepContext): Promise<string | null> {
  switch (step.kind) {
    case 'preflight':
      return preflight(step, context);
    case 'export':
      return exportValues(step, context);
    case 'table':
      return createTable(step, context);
    case 'merge':
      return mergeExport(step, context);
    case 'feature-group':
      return createFeatureGroup(step, context);
    case 'features':
      return createFeatures(step, context);
    case 'online-store':
      return createOnlineStore(step, context);
    case 'view':
      return createView(step, context);
    case 'grant':
      return grantAccess(step, context);
    case 'sync':
      return syncView(step, context);
    case 'decision':
      throw new Error(`step ${step.id} is a decision of a human`);
  }
}

function toPhases(steps: readonly MigrationStep[]): MigrationStep[][] {
  return [...Map.groupBy(steps, ({ phase }) => phase).values()];
}

function checkNames(steps: readonly MigrationStep[], until: string | undefined, confirmed: readonly string[]): void {
  const phases = [...new Set(steps.map(({ phase }) => phase))];
  if (until !== undefined && !steps.some(({ id, phase }) => id === until || phase === until)) {
    throw new OperatorError(`There is no step or phase "${until}". The phases are: ${phases.join(', ')}.`);
  }
  const decisions = steps.filter(({ kind }) => kind === 'decision').map(({ id }) => id);
  const unknown = confirmed.find((id) => !decisions.includes(id));
  if (unknown !== undefined) {
    throw new OperatorError(`"${unknown}" is no decision. The decisions are: ${decisions.join(', ')}.`);
  }
}
