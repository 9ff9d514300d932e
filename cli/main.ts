#!/usr/bin/env node
import './node-version.js';
import './production-mode.js';
import { Command } from 'commander';
import { AppError } from '../errors/app-error.js';
import { isDiskFull } from '../errors/disk-full.js';
import { OperatorError } from '../errors/operator-error.js';
import { addMigrateCommands } from '../migrate/cli/migrate.js';
import { auditCommand } from './commands/audit.js';
import { policyCommand } from './commands/policy.js';
import { estimateCommand } from './commands/estimate.js';
import { check } from './commands/check.js';
import { pricesCommand } from './commands/prices.js';
import { dev } from './commands/dev.js';
import { driftCommand } from './commands/drift.js';
import { doctor } from './commands/doctor.js';
import { printRegistryJsonSchema, printSchema } from './commands/print.js';
import { explainCommand } from './commands/explain.js';
import { importCommand } from './commands/import.js';
import { initCommand } from './commands/init.js';
import { registryCommand } from './commands/registry.js';
import { serve } from './commands/serve.js';
import { tokenOption } from './gateway-client.js';
import { systemClock } from '../values/clock.js';
import { monitorCommand } from './commands/monitor.js';
import { predictCommand } from './commands/predict.js';
import { applyCommand, planCommand } from './commands/registry-changes.js';
import { keysCommand } from './commands/keys.js';
import { refreshCommand } from './commands/refresh.js';
import { skewCommand } from './commands/skew.js';
import { statsCommand } from './commands/stats.js';
import { syncCommand } from './commands/sync.js';
import { backtestCommand } from './commands/backtest.js';
import { trainingSetCommand } from './commands/training-set.js';
import { validateCommand } from './commands/validate.js';
import { watchCommand } from './commands/watch.js';

const program = new Command('featuregraph')
  .description('One typed GraphQL schema in front of a feature store and batch prediction.')
  .showHelpAfterError();

program
  // As the default of every word, "serve" would get misspelled commands as its arguments.
  .command('serve', { isDefault: process.argv.length === 2 })
  .description('Prepare the data folder, then serve GraphQL. The default.')
  .action(serve);

program
  .command('dev')
  .description('Serve, and apply the registry and refresh sources when their files change. For development.')
  .action(dev);

program.command('print-schema').description('Print the GraphQL schema of the registry.').action(printSchema);

program
  .command('print-registry-schema')
  .description('Print the JSON Schema of registry files, for editors.')
  .action(printRegistryJsonSchema);

const write = (text: string) => void process.stdout.write(text);
program.addCommand(initCommand(write));
addMigrateCommands(program);
program.addCommand(registryCommand(write));
program.addCommand(estimateCommand(write));
program.addCommand(auditCommand(write));
program.addCommand(policyCommand(write));
program.addCommand(pricesCommand({ write, clock: systemClock }));
program.addCommand(trainingSetCommand());
program.addCommand(backtestCommand());
program.addCommand(validateCommand());
program.addCommand(predictCommand());
program.addCommand(syncCommand());
program.addCommand(importCommand());
program.addCommand(refreshCommand());
program.addCommand(planCommand(write));
program.addCommand(applyCommand(write));
program.addCommand(statsCommand(write));
program.addCommand(driftCommand(write));
program.addCommand(skewCommand(write));
program.addCommand(monitorCommand());
program.addCommand(explainCommand(write));
program.addCommand(watchCommand());
program.addCommand(keysCommand({ write, note: (text) => void process.stderr.write(text), clock: systemClock }));
program
  .command('doctor')
  .description('Check each store and source of the registry, and print what to do about each fault.')
  .option('--url <url>', 'the running gateway that uses the data folder (default: at the port of the configuration)')
  .addOption(tokenOption())
  .option('--deep', 'also read, query, write and delete a marked row in each store, and print a report for an issue')
  .action(async ({ url, token, deep }: { readonly url?: string; readonly token?: string; readonly deep?: boolean }) =>
    doctor({}, url, token, { isDeep: deep === true }),
  );
program
  .command('check')
  .description(
    'Check a registry file, its SQL, its models and the policy, and print what a start would compute. Changes nothing.',
  )
  .argument('[registry]', 'the registry file (default: FEATUREGRAPH_REGISTRY)')
  .action(async (registry?: string) => check(registry));

try {
  await program.parseAsync();
} catch (error) {
  console.error(toMessage(error));
  process.exitCode = 1;
}

/** A stack only for a fault of featuregraph. The list of faults of the operator's input is more useful without one. */
function toMessage(error: unknown): unknown {
  if (error instanceof OperatorError || error instanceof AppError) return error.message;
  if (isDiskFull(error))
    return `A disk is full. Make room in the folder of FEATUREGRAPH_DATA_DIR, and start again:\n  - ${(error as Error).message}`;
  return error;
}
