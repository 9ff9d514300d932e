import { Command } from 'commander';
import { ESTIMATE_FIELDS, estimateText, type EstimateResponse } from '../estimate-response.js';
import { gatewayAt } from '../gateway-client.js';
import { addStartOptions, startJob, type StartOptions } from '../start-job.js';

export function refreshCommand(): Command {
  const command = new Command('refresh')
    .description('Recompute the changed sources of an entity type in a running gateway, and watch the job.')
    .argument('<featurestore>', 'the featurestore')
    .argument('<entityType>', 'the entity type')
    .argument('[source]', 'one source (default: all sources with SQL)')
    .option('--estimate', 'only print what would be computed; starts nothing');
  return addStartOptions(command).action(
    async (featurestore: string, entityType: string, source: string | undefined, options: StartOptions) => {
      const input = { featurestore, entityType, source };
      if (options.estimate) await printEstimate(input, options);
      else await startJob({ mutation: 'refreshSource', inputType: 'RefreshSourceInput', input }, options);
    },
  );
}

interface Estimate {
  readonly sources: readonly { readonly source: string; readonly rows: string | null; readonly bytes: string }[];
  readonly cost: EstimateResponse;
}

async function printEstimate(input: Readonly<Record<string, unknown>>, options: StartOptions): Promise<void> {
  const { estimateSourceRefresh } = await gatewayAt(options).ask<{ estimateSourceRefresh: Estimate }>(
    `query ($input: RefreshSourceInput!) {
      estimateSourceRefresh(input: $input) { sources { source rows bytes } cost { ${ESTIMATE_FIELDS} } } }`,
    { input },
  );
  const { sources, cost } = estimateSourceRefresh;
  const lines = sources.map(
    ({ source, rows, bytes }) =>
      `${source}: reads ${bytes} bytes of files at most, ${rows === null ? 'no stored rows' : `${rows} stored rows`}\n`,
  );
  process.stdout.write(lines.length === 0 ? 'Nothing changed.\n' : [...lines, estimateText(cost)].join(''));
}
