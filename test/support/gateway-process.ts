import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');

export interface GatewayProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Log lines so far. */
  readonly log: readonly Record<string, unknown>[];
  /** Sends SIGTERM and waits; gives the exit code. */
  stop(): Promise<number | null>;
  /** kill -9 */
  kill(): Promise<void>;
}

const SERVE = [join(root, 'dist/cli/main.js'), 'serve'];

export interface GatewayProcessOptions {
  /** Another script that starts it. */
  readonly command?: readonly string[];
  /** Ends one that is not ready yet. */
  readonly signal?: AbortSignal;
}

/** Starts the built gateway in a process of its own, on a free port, and waits until it says that it is ready. */
export async function startGatewayProcess(
  environment: Readonly<Record<string, string>>,
  { command = SERVE, signal }: GatewayProcessOptions = {},
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, ['--enable-source-maps', ...command], {
    // Without schedules: at a full hour the jobs of the flights' views would stand among those of a test.
    env: { PATH: process.env.PATH, PORT: '0', FEATUREGRAPH_SCHEDULES: 'false', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const log: Record<string, unknown>[] = [];
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const cancel = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', cancel);
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      if (typeof entry.url === 'string') resolve(entry.url);
    });
    void exited.then(([code]) => reject(new Error(`the gateway ended with ${code}: ${errors.join('')}`)));
  });
  signal?.removeEventListener('abort', cancel);
  return {
    url,
    child,
    log,
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
