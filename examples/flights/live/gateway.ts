import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Gateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a gateway of its own, with an empty data folder that goes with it. */
export async function startGateway(): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-live-'));
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../../dist/cli/main.js'), 'serve'], {
    env: {
      ...process.env,
      FEATUREGRAPH_REGISTRY: join(import.meta.dirname, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: folder,
      LOG_LEVEL: 'info',
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/[^\s"]+\/graphql/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, stop };
  }
  await stop();
  throw new Error('The gateway ended before it listened.');
}
