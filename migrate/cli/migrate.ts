import { InvalidArgumentError, type Command } from 'commander';
import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import { systemClock } from '../../values/clock.js';
import { openOfflineStoreToRead } from '../../composition/offline-store-adapters.js';
import { openOnlineStore } from '../../composition/online-store-adapters.js';
import { openRegistry } from '../../composition/registry.js';
import { migrateCompare, type MigrateCompareOptions } from './migrate-compare.js';
import { migratePlan, type MigratePlanOptions } from './migrate-plan.js';

/** `featuregraph migrate`: migrates from Vertex AI Feature Store (Legacy) to its successor. `open` is for tests. */
export function addMigrateCommands(program: Command, open = openOnlineStore): void {
  const migrate = program.command('migrate').description('Migrate from Vertex AI Feature Store (Legacy).');

  migrate
    .command('plan')
    .description('Print a migration plan for a legacy featurestore. Changes nothing.')
    .requiredOption('--project <project>', 'the Google Cloud project of the featurestore')
    .requiredOption('--location <region>', 'its region, such as europe-west4')
    .requiredOption('--featurestore <id>', 'the legacy featurestore')
    .requiredOption('--dataset <dataset>', 'the BigQuery dataset for the values, in the same project')
    .option('--dataset-location <location>', 'the location of the dataset (default: the region of the featurestore)')
    .option('--online-store <id>', 'the feature online store to create (default: the name of the featurestore)')
    .option(
      '--prefix <text>',
      'a prefix of the names of tables, feature groups and views, if two featurestores have equal names',
      namePrefix,
    )
    .action(async (options: MigratePlanOptions) => {
      process.stdout.write(await migratePlan(options));
    });

  migrate
    .command('compare')
    .description(
      'Compare the online store of a featurestore with its shadow. Exit code 1: more values differ than --threshold.',
    )
    .argument('<featurestore>', 'a featurestore of the registry that has a shadow')
    .argument('<entity-type>', 'one of its entity types')
    .option('--ids <file>', 'a file with one entity id in each line (default: a sample from the offline store)')
    .option('--sample <count>', 'the number of entities, chosen at random', wholeNumber, 1000)
    .option('--threshold <share>', 'the permitted share of different values, 0 to 1', share, 0)
    .action(async (featurestore: string, entityType: string, options: CompareFlags) => {
      const config = loadConfig();
      const { dataDirectory } = config;
      const { registry } = await openRegistry(registryPathOf(config));
      const { text, isWithinThreshold } = await migrateCompare(
        { ...options, featurestore, entityType },
        {
          registry,
          openOnlineStore: (settings) => open(settings, { dataDirectory }),
          openOfflineStore: (of) => openOfflineStoreToRead(of, dataDirectory),
          clock: systemClock,
          random: Math.random,
        },
      );
      process.stdout.write(`${text}\n`);
      if (!isWithinThreshold) process.exitCode = 1;
    });
}

type CompareFlags = Omit<MigrateCompareOptions, 'featurestore' | 'entityType'>;

function namePrefix(text: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(text)) return text;
  throw new InvalidArgumentError('It has lower-case letters, digits and _, and does not begin with a digit.');
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
}

function share(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= 0 && number <= 1)) throw new InvalidArgumentError('It is a share from 0 to 1.');
  return number;
}
