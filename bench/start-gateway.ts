import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RunningGateway {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts the built gateway over the registry and data of a folder, with the settings that ship. */
export async function startGateway(folder: string, environment: NodeJS.ProcessEnv = {}): Promise<RunningGateway> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../cli/main.js'), 'serve'], {
    env: {
      ...process.env,
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/\S+\/graphql/.exec(line) ?? [];
    if (!url) continue;
    child.stdout.resume();
    return { child, url: url.replace(/["',].*$/, '') };
  }
  throw new Error('the gateway ended before it listened');
}
