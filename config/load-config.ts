import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { OperatorError } from '../errors/operator-error.js';
import { configSchema, type Config } from './config.js';

/** Reads the environment (and `.env` in the working folder). All faults are reported at once. Nothing else reads it. */
export function loadConfig(): Config {
  if (existsSync('.env')) loadEnvFile('.env');
  return parseConfig(process.env);
}

export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // A variable set to nothing is one not set: `PORT= npm start` should not mean port 0.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = configSchema.safeParse(set);
  if (parsed.success) return parsed.data;
  throw new OperatorError(
    'The environment is not right; .env.example says what each variable takes:',
    parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
  );
}
