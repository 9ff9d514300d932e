import { estimateCommand } from '../../cli/commands/estimate.js';

/** What `featuregraph estimate` says, as it would be piped. */
export async function estimateCli(...options: string[]): Promise<string> {
  let said = '';
  const command = estimateCommand((text) => (said += text));
  for (const sub of command.commands) sub.exitOverride().configureOutput({ writeErr: () => undefined });
  await command.parseAsync(options, { from: 'user' });
  return said;
}
