import { Command } from 'commander';
import { ESTIMATE_FIELDS, estimateText, type EstimateResponse } from '../estimate-response.js';
import { gatewayAt } from '../gateway-client.js';
import { addStartOptions, startJob, type StartOptions } from '../start-job.js';

export function syncCommand(): Command {
  const command = new Command('sync')
    .description('Copy the newest values of a feature view into the online store (materialize), and watch the job.')
    .argument('<featurestore>', 'the featurestore')
    .argument('<view>', 'the feature view')
    .option('--estimate', 'only print the cost estimate; starts nothing');
  return addStartOptions(command).action(async (featurestore: string, featureView: string, options: StartOptions) => {
    const input = { featurestore, featureView };
    if (options.estimate) return printEstimate(input, options);
    await startJob(
      { mutation: 'syncFeatureView', inputType: 'SyncFeatureViewInput', reportsCost: true, input },
      options,
    );
  });
}

async function printEstimate(input: Readonly<Record<string, unknown>>, options: StartOptions): Promise<void> {
  const { estimateFeatureViewSync: estimate } = await gatewayAt(options).ask<{
    readonly estimateFeatureViewSync: EstimateResponse | null;
  }>(`query ($input: SyncFeatureViewInput!) { estimateFeatureViewSync(input: $input) { ${ESTIMATE_FIELDS} } }`, {
    input,
  });
  process.stdout.write(
    estimate ? estimateText(estimate) : 'Not known: Vertex AI reads tables that the registry does not have.\n',
  );
}
