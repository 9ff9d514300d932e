import { Command } from 'commander';
import { DEFAULT_URL, gatewayAt, jobName, tokenOption, type GatewayOptions } from '../gateway-client.js';
import { watchJob } from '../watch-job.js';

export function watchCommand(): Command {
  return new Command('watch')
    .description(
      'Show how far a job is, until it ends. Ends with 0 when it succeeded, 2 in part, 3 cancelled, 1 otherwise.',
    )
    .argument('<job>', 'its id, with or without "jobs/"')
    .option('--url <url>', 'the gateway', DEFAULT_URL)
    .addOption(tokenOption())
    .action(async (job: string, options: GatewayOptions) => {
      await watchJob(gatewayAt(options), jobName(job));
    });
}
