import { InvalidArgumentError, type Command } from 'commander';
import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import { costsConfig } from '../../config/costs-config.js';
import { loadPriceBooks, toPriceBooks } from '../../costs/files/load-price-books.js';
import { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';
import { systemClock } from '../../values/clock.js';
import { openOfflineStoreToRead } from '../../composition/offline-store-adapters.js';
import { openOnlineStore } from '../../composition/online-store-adapters.js';
import { openRegistry } from '../../composition/registry.js';
import { DEFAULT_VIEW_QUOTA } from '../migration-target.js';
import { readStateFile } from '../state/state-file.js';
import { compareAll, migrateCompare, type MigrateCompareOptions } from './migrate-compare.js';
import { migratePlan } from './migrate-plan.js';
import { migrateRun, processTerminal } from './migrate-run.js';
import { migrateSwitch } from './migrate-switch.js';
import { statusText } from './status-text.js';

const STATE = 'migration.json';
const PRICE_BOOK = 'google-us-central1';

/** `featuregraph migrate`: migrates from Vertex AI Feature Store (Legacy) to its successor. `open` is for tests. */
export function addMigrateCommands(program: Command, open = openOnlineStore): void {
  const migrate = program.command('migrate').description('Migrate from Vertex AI Feature Store (Legacy).');
  addPlan(migrate);
  addRun(migrate);
  addCompare(migrate, open);
  addSwitch(migrate);
}

interface PlanFlags {
  readonly project: string;
  readonly location: string;
  readonly featurestore?: readonly string[];
  readonly dataset: string;
  readonly datasetLocation?: string;
  readonly onlineStore?: string;
  readonly prefix: string;
  readonly viewProject?: readonly string[];
  readonly projectNumber?: string;
  readonly viewQuota: number;
  readonly wideViews: boolean;
  readonly lateDays: number;
  readonly historyGib?: number;
  readonly priceBook: string;
  readonly out?: string;
}

function addPlan(migrate: Command): void {
  migrate
    .command('plan')
    .description('Print the plan of a migration: steps, quotas, costs and a timeline. Changes nothing on Google Cloud.')
    .requiredOption('--project <project>', 'the Google Cloud project of the featurestores')
    .requiredOption('--location <region>', 'their region, such as europe-west4')
    .option('--featurestore <id...>', 'the legacy featurestores (default: all of the project and region)')
    .requiredOption('--dataset <dataset>', 'the BigQuery dataset for the values, in the same project')
    .option('--dataset-location <location>', 'the location of the dataset (default: the region of the featurestores)')
    .option('--online-store <id>', 'the feature online store to create (default: the name of the only featurestore)')
    .option('--prefix <text>', 'a prefix of the names of tables, feature groups and views', namePrefix, '')
    .option('--view-project <project...>', 'the projects that take feature views (default: --project)')
    .option('--project-number <number>', 'the number of --project, for views in other projects', wholeNumberText)
    .option('--view-quota <views>', 'the quota of feature views of each project', wholeNumber, DEFAULT_VIEW_QUOTA)
    .option('--wide-views', 'let entity types without a common feature name share a view, if the quota needs it', false)
    .option(
      '--late-days <days>',
      'how long after their event time values may be written; 4000: export all twice',
      days,
      7,
    )
    .option('--history-gib <size>', 'the size of the history, for the costs', size)
    .option('--price-book <name>', 'the prices', PRICE_BOOK)
    .option('--out <file>', `write the plan as a state file for "migrate run", such as ${STATE}`)
    .action(async (flags: PlanFlags) => {
      const { ownBooks } = costsConfig(loadConfig());
      const book = toPriceBooks(await loadPriceBooks(ownBooks), flags.priceBook).find(null);
      const options = {
        ...flags,
        featurestores: flags.featurestore ?? [],
        datasetLocation: flags.datasetLocation ?? null,
        onlineStore: flags.onlineStore ?? null,
        viewProjects: flags.viewProject ?? [flags.project],
        projectNumber: flags.projectNumber ?? null,
        historyGib: flags.historyGib ?? null,
        out: flags.out ?? null,
      };
      process.stdout.write(await migratePlan(options, { clients: new VertexClients(flags.location), book }));
    });
}

interface RunFlags {
  readonly state: string;
  readonly yes: boolean;
  readonly until?: string;
  readonly confirm?: readonly string[];
}

function addRun(migrate: Command): void {
  const state = ['--state <file>', 'the state file of the migration', STATE] as const;
  migrate
    .command('run')
    .description(
      'Do the steps of a plan that are not done, up to the next decision. Run it again after an interruption.',
    )
    .option(...state)
    .option('--yes', 'do not ask; it does not make a decision', false)
    .option('--until <step>', 'stop after this step or phase')
    .option('--confirm <decision...>', 'the decisions that you have made, such as dual-writes')
    .action(async ({ confirm = [], ...flags }: RunFlags) => {
      process.stdout.write(await migrateRun({ ...flags, confirm }, processTerminal()));
    });
  migrate
    .command('status')
    .description('Print which steps are done, what failed, what comes next, and the time that is left.')
    .option(...state)
    .action(async (flags: Pick<RunFlags, 'state'>) => {
      process.stdout.write(statusText(await readStateFile(flags.state), systemClock()));
    });
  migrate
    .command('registry')
    .description(
      'Print the registry of a plan: it serves from the legacy featurestores and compares with the new views.',
    )
    .option(...state)
    .action(async (flags: Pick<RunFlags, 'state'>) => {
      process.stdout.write((await readStateFile(flags.state)).registry);
    });
}

type CompareFlags = Omit<MigrateCompareOptions, 'featurestore' | 'entityType'> & { readonly state: string };

function addCompare(migrate: Command, open: typeof openOnlineStore): void {
  migrate
    .command('compare')
    .description(
      'Compare the online store of a featurestore with its shadow. Exit code 1: more values differ than --threshold.',
    )
    .argument('[featurestore]', 'a featurestore of the registry that has a shadow (default: all)')
    .argument('[entity-type]', 'one of its entity types (default: all)')
    .option('--ids <file>', 'a file with one entity id in each line (default: a sample from the offline store)')
    .option('--sample <count>', 'the number of entities of each type, chosen at random', wholeNumber, 1000)
    .option('--threshold <share>', 'the permitted share of different values, 0 to 1', share, 0)
    .option('--state <file>', 'the state file that notes a comparison of all entity types', STATE)
    .action(async (featurestore: string | undefined, entityType: string | undefined, flags: CompareFlags) => {
      const config = loadConfig();
      const { dataDirectory } = config;
      const { registry } = await openRegistry(registryPathOf(config));
      const setting = {
        registry,
        openOnlineStore: (settings: Parameters<typeof open>[0]) => open(settings, { dataDirectory }),
        openOfflineStore: (of: Parameters<typeof openOfflineStoreToRead>[0]) =>
          openOfflineStoreToRead(of, dataDirectory),
        clock: systemClock,
        random: Math.random,
      };
      const { text, isWithinThreshold } =
        featurestore !== undefined && entityType !== undefined
          ? await migrateCompare({ ...flags, featurestore, entityType }, setting)
          : await compareAll({ ...flags, featurestore: featurestore ?? null }, setting);
      process.stdout.write(`${text}\n`);
      if (!isWithinThreshold) process.exitCode = 1;
    });
}

interface SwitchFlags {
  readonly registry?: string;
  readonly state: string;
  readonly withoutCompare?: boolean;
}

function addSwitch(migrate: Command): void {
  const add = (direction: 'switch' | 'back', description: string): Command =>
    migrate
      .command(direction)
      .description(description)
      .argument('[featurestore]', 'a featurestore of the registry (default: each that migrates)')
      .option('--registry <file>', 'the registry file (default: FEATUREGRAPH_REGISTRY)')
      .option('--state <file>', 'the state file of the migration', STATE)
      .action(async (featurestore: string | undefined, flags: SwitchFlags) => {
        const options = {
          direction,
          registryPath: flags.registry ?? registryPathOf(loadConfig()),
          statePath: flags.state,
          featurestore: featurestore ?? null,
          withoutCompare: flags.withoutCompare === true,
        };
        process.stdout.write(await migrateSwitch(options, systemClock));
      });
  add('switch', 'Change the registry file: the new store serves, and the legacy one is its shadow.').option(
    '--without-compare',
    'switch although the stores were not compared',
  );
  add('back', 'Undo "migrate switch" in the registry file.');
}

function namePrefix(text: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(text)) return text;
  throw new InvalidArgumentError('It has lower-case letters, digits and _, and does not begin with a digit.');
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
}

function wholeNumberText(text: string): string {
  if (!/^[1-9]\d{0,17}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return text;
}

/** The oldest value of a legacy featurestore is 4,000 days old. */
function days(text: string): number {
  const number = wholeNumber(text);
  if (number > 4000) throw new InvalidArgumentError('It is at most 4000.');
  return number;
}

function size(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= 0 && number <= 1e9)) throw new InvalidArgumentError('It is a number from 0.');
  return number;
}

function share(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= 0 && number <= 1)) throw new InvalidArgumentError('It is a share from 0 to 1.');
  return number;
}
