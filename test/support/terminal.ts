import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';
import { userEnvironment } from './packed-package.js';
import { until } from './until.js';

/** A reader at a terminal, who runs blocks of commands one after the other, and a server in a second terminal. */
export class Terminal {
  readonly #state = join(temporaryFolder(), 'state');
  #folder: string;
  #job = '';
  #server: ChildProcess | undefined;

  /** Where the next block runs. */
  get folder(): string {
    return this.#folder;
  }

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Runs a block to its end, as it is. The folder and the variable JOB are those of the next one. Gives what it printed. */
  async run(block: string): Promise<string> {
    const child = this.#spawn(`${block}\nprintf '%s\\n%s' "$PWD" "\${JOB:-}" > "$STATE"`);
    const text = collect(child);
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`A block ended with ${code}:\n${block}\n${text()}`);
    [this.#folder, this.#job] = readFileSync(this.#state, 'utf8').split('\n') as [string, string];
    return text();
  }

  /**
   * Runs a block whose last command serves, until it does; ends the server before it, as Ctrl+C does. Gives what the
   * commands before it printed.
   */
  async serve(block: string, url: string): Promise<string> {
    await this.close();
    const lines = block.trim().split('\n');
    const printed = await this.run(lines.slice(0, -1).join('\n'));
    const child = this.#spawn(lines.at(-1)!);
    this.#server = child;
    const text = collect(child);
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}:\n${text()}`);
      return fetch(url).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return printed;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server?.exitCode !== null) return;
    const closed = once(server, 'close');
    // The whole group: npm starts a shell, and that the gateway.
    process.kill(-server.pid!, 'SIGTERM');
    await closed;
  }

  #spawn(script: string): ChildProcess {
    return spawn('bash', ['-e', '-c', script], {
      cwd: this.#folder,
      env: { ...userEnvironment(), JOB: this.#job, STATE: this.#state },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  }
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}
