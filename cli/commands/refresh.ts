import { Command } from 'commander';
import { addStartOptions, startJob, type StartOptions } from '../start-job.js';

export function refreshCommand(): Command {
  const command = new Command('refresh')
    .description('Recompute the changed sources of an entity type in a running gateway, and watch the job.')
    .argument('<featurestore>', 'the featurestore')
    .argument('<entityType>', 'the entity type')
    .argument('[source]', 'one source (default: all sources with SQL)');
  return addStartOptions(command).action(
    async (featurestore: string, entityType: string, source: string | undefined, options: StartOptions) => {
      const input = { featurestore, entityType, source };
      await startJob({ mutation: 'refreshSource', inputType: 'RefreshSourceInput', input }, options);
    },
  );
}
