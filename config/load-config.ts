import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { OperatorError } from '../errors/operator-error.js';
import { configSchema, configVariables, type Config } from './config.js';

/** Reads the environment (and `.env` in the working folder). All faults are reported at once. Nothing else reads it. */
export function loadConfig(): Config {
  if (existsSync('.env')) loadEnvFile('.env');
  return parseConfig(process.env);
}

export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // A variable set to nothing is one not set: `PORT= npm start` should not mean port 0.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const unknown = Object.keys(set).filter(
    (name) => name.startsWith('FEATUREGRAPH_') && !Object.hasOwn(configVariables, name),
  );
  const parsed = configSchema.safeParse(set);
  if (parsed.success && unknown.length === 0) return parsed.data;
  throw new OperatorError('The environment is not right; .env.example says what each variable takes:', [
    // A misspelled variable would be one that silently does nothing.
    ...unknown.map((name) => `${name}: there is no such variable`),
    ...(parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? []),
  ]);
}
