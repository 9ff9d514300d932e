import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** What a user may have set for npm itself. The rest comes from the npm script that runs this test. */
const OF_THE_USER = /^npm_config_(registry|cache|cafile|ca|(https?_|no)?proxy)$/i;

/**
 * The environment of a user who has never seen this repository: without its .npmrc, which npm hands on to its scripts as
 * variables, and without its Node.js.
 */
export function userEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|INIT_CWD$|NODE$|NODE_|ONNXRUNTIME_|FEATUREGRAPH_|PORT$|HOST$|VITEST)/i;
  const kept = Object.entries(process.env).filter(([name]) => OF_THE_USER.test(name) || !foreign.test(name));
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !/node_modules|node-gyp-bin/.test(folder));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

/** The install script of onnxruntime-node then fails at once, as it does without internet. */
const NO_INTERNET = { GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9' };

export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

/** Packs what the build made; gives the file and what is in it. Builds nothing: others read dist at the same time. */
export async function packPackage(folder: string): Promise<{ readonly tarball: string; readonly files: PackedFile[] }> {
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    env: userEnvironment(),
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: PackedFile[] }];
  return { tarball: join(folder, packed.filename), files: packed.files };
}

/** A project that had nothing, with the package installed by that major version of npm. */
export class UserProject {
  private constructor(readonly folder: string) {}

  static async install(folder: string, npm: 10 | 11, tarball: string): Promise<UserProject> {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const project = new UserProject(folder);
    await project.run('npx', ['--yes', `npm@${npm}`, 'install', '--no-audit', '--no-fund', tarball], NO_INTERNET);
    return project;
  }

  write(file: string, content: string | Uint8Array): void {
    mkdirSync(join(this.folder, file, '..'), { recursive: true });
    writeFileSync(join(this.folder, file), content);
  }

  /** Gives what it wrote to standard output and standard error; rejects when it fails. */
  async run(command: string, args: readonly string[], environment: Record<string, string> = {}): Promise<string> {
    const { stdout, stderr } = await run(command, args, {
      cwd: this.folder,
      env: { ...userEnvironment(), ...environment },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout + stderr;
  }

  /** `npx featuregraph serve` on a free port. Rejects with what it wrote when it ends instead. */
  async serve(environment: Record<string, string> = {}): Promise<{ url: string; stop: () => Promise<void> }> {
    const child = spawn('npx', ['featuregraph', 'serve'], {
      cwd: this.folder,
      env: { ...userEnvironment(), PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: npx starts a shell, and that the gateway. All of them must end with the test.
      detached: true,
    });
    let written = '';
    child.stderr.on('data', (chunk: Buffer) => (written += chunk.toString()));
    const closed = once(child, 'close') as Promise<[number | null]>;
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /"url":"([^"]+)"/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
      void closed.then(([code]) => reject(new Error(`featuregraph serve ended with ${code}: ${written}`)));
    });
    return {
      url,
      stop: async () => {
        process.kill(-child.pid!, 'SIGTERM');
        await closed;
      },
    };
  }
}
