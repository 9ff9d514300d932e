import { Command } from 'commander';
import { addStartOptions, startJob, type StartOptions } from '../start-job.js';

export function syncCommand(): Command {
  const command = new Command('sync')
    .description('Copy the newest values of a feature view into the online store (materialize), and watch the job.')
    .argument('<featurestore>', 'the featurestore')
    .argument('<view>', 'the feature view');
  return addStartOptions(command).action(async (featurestore: string, featureView: string, options: StartOptions) => {
    const input = { featurestore, featureView };
    await startJob(
      { mutation: 'syncFeatureView', inputType: 'SyncFeatureViewInput', reportsCost: true, input },
      options,
    );
  });
}
