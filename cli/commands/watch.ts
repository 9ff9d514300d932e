import { Command } from 'commander';
import { gatewayAt, jobName, tokenOption, urlOption, type GatewayOptions } from '../gateway-client.js';
import { watchJob } from '../watch-job.js';

export function watchCommand(): Command {
  return new Command('watch')
    .description(
      'Show the progress of a job until it ends. Exit code 0: succeeded, 1: failed, 2: partially succeeded, 3: cancelled.',
    )
    .argument('<job>', 'the id of the job, with or without "jobs/"')
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(async (job: string, options: GatewayOptions) => {
      await watchJob(gatewayAt(options), jobName(job));
    });
}
