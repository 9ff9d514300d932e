import { Command } from 'commander';
import { addStartOptions, startJob, type StartOptions } from '../start-job.js';

/** `featuregraph monitor run`: runs a monitor and prints its findings. The exit code says whether there are any. */
export function monitorCommand(): Command {
  const run = new Command('run')
    .description('Run a monitor of the registry, and print its findings. Exit code 2: there are some.')
    .argument('<featurestore>', 'the featurestore')
    .argument('<monitor>', 'the monitor')
    .option('--at <time>', 'the end of the window, e.g. 2001-06-01T00:00:00Z (default: now); sends no alert');
  addStartOptions(run).action(
    async (featurestore: string, monitor: string, { at, ...options }: StartOptions & { readonly at?: string }) => {
      const input = { featurestore, monitor, at };
      await startJob({ mutation: 'runMonitor', inputType: 'RunMonitorInput', reportsCost: true, input }, options);
    },
  );
  return new Command('monitor').description('Run monitors (docs/monitors.md).').addCommand(run);
}
