import { vi } from 'vitest';
import { check } from '../../cli/commands/check.js';

export interface CheckOutput {
  readonly text: string;
  readonly exitCode: typeof process.exitCode;
}

/** Runs `featuregraph check` in this process and gives what it printed. */
export async function runCheck(registryPath: string, dataDirectory: string): Promise<CheckOutput> {
  vi.stubEnv('FEATUREGRAPH_DATA_DIR', dataDirectory);
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  try {
    await check(registryPath);
    return { text: lines.join(''), exitCode: process.exitCode };
  } finally {
    process.exitCode = undefined;
    written.mockRestore();
    vi.unstubAllEnvs();
  }
}
