import { createInterface } from 'node:readline/promises';
import { OperatorError } from '../../errors/operator-error.js';
import { openBigQueryClient } from '../../datasources/google/bigquery/client.js';
import { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';
import { systemClock } from '../../values/clock.js';
import { runMigration, type RunEnd, type StepReport } from '../run/run-migration.js';
import { PacedCreations } from '../run/paced-creations.js';
import { CREATE_POLICY, FEATURES_PER_SECOND, POLL_MS, type StepServices } from '../run/step-context.js';
import { isDone } from '../state/state-document.js';
import { StateFile } from '../state/state-file.js';

export interface MigrateRunOptions {
  readonly state: string;
  readonly yes: boolean;
  readonly until?: string;
  readonly confirm: readonly string[];
}

export interface RunTerminal {
  readonly write: (text: string) => void;
  /** Asks a question of the operator; undefined where there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  readonly signal: AbortSignal;
}

/** The real clients, for the project and region of a state file. */
export async function openServices({ document }: StateFile): Promise<StepServices> {
  return {
    vertex: new VertexClients(document.location),
    bigQuery: await openBigQueryClient({ project: document.project }),
    clock: systemClock,
    pollMs: POLL_MS,
    createPolicy: CREATE_POLICY,
    featureCreations: new PacedCreations(FEATURES_PER_SECOND),
  };
}

/** Does the steps of a state file up to the next decision. Returns what comes next, for people. */
export async function migrateRun(
  options: MigrateRunOptions,
  terminal: RunTerminal,
  open: (state: StateFile) => Promise<StepServices> = openServices,
): Promise<string> {
  const state = await StateFile.open(options.state, systemClock);
  try {
    const { steps } = state.document;
    const pending = steps.filter((step) => !isDone(state.document, step)).length;
    await confirmRun(`${pending} of ${steps.length} steps are not done. Go on?`, options, terminal);
    const services = await open(state);
    try {
      const end = await runMigration({
        state,
        services,
        signal: terminal.signal,
        report: (report) => terminal.write(reportLine(report)),
        until: options.until,
        confirmed: options.confirm,
      });
      return endText(end);
    } catch (error) {
      if (!terminal.signal.aborted) throw error;
      return 'Interrupted. Run the command again to go on: operations on Google Cloud continue meanwhile.\n';
    } finally {
      await services.vertex.close();
    }
  } finally {
    await state.close();
  }
}

async function confirmRun(question: string, { yes }: MigrateRunOptions, { ask }: RunTerminal): Promise<void> {
  if (yes) return;
  if (!ask) throw new OperatorError('There is no terminal to ask: say --yes.');
  const answer = await ask(`${question} (yes/no) `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new OperatorError('Nothing was done.');
}

function reportLine({ step, outcome, note }: StepReport): string {
  return `${outcome.padEnd(7)} ${step.id}${note === null ? '' : `: ${note}`}\n`;
}

function endText(end: RunEnd): string {
  switch (end.kind) {
    case 'finished':
      return 'All steps are done.\n';
    case 'until':
      return 'Stopped where --until says.\n';
    case 'decision':
      return [`Your decision: ${end.step.title}`, ...end.step.instructions.map((line) => `  ${line}`), ''].join('\n');
  }
}

/** The terminal of this process. Ctrl-C ends the run after the current calls; a second one ends the process. */
export function processTerminal(): RunTerminal {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  const { stdin: input, stdout: output } = process;
  return {
    write: (text) => void output.write(text),
    ask: input.isTTY
      ? async (question) => {
          const lines = createInterface({ input, output });
          return lines.question(question).finally(() => lines.close());
        }
      : undefined,
    signal: interrupted.signal,
  };
}
