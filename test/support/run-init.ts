import { initCommand } from '../../cli/commands/init.js';

/** Runs `featuregraph init` in this process and gives what it printed. */
export async function runInit(...args: readonly string[]): Promise<string> {
  const texts: string[] = [];
  const command = initCommand((text) => void texts.push(text)).exitOverride();
  await command.parseAsync(args, { from: 'user' });
  return texts.join('');
}
