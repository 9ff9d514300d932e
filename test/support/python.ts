import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** The interpreter for tests with pyarrow: of a virtual environment, or of the machine. */
export const PYTHON = process.env.FEATUREGRAPH_TEST_PYTHON ?? 'python3';

/** Whether the interpreter has these modules. */
export function hasPythonModules(...modules: readonly string[]): boolean {
  try {
    execFileSync(PYTHON, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
}

/** How to get what a skipped test needs. */
export function howToGet(modules: readonly string[]): string {
  const install = `pip install ${modules.join(' ')}`;
  return `skipped without ${modules.join(', ')}: python3 -m venv env, env/bin/${install}, FEATUREGRAPH_TEST_PYTHON=env/bin/python`;
}

/** What a program writes to its standard output. */
export async function runPython(program: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(PYTHON, ['-c', program], {
    env: { ...process.env, ...environment },
    timeout: 120_000,
  });
  return stdout;
}
