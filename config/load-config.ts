import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { OperatorError } from '../errors/operator-error.js';
import { configSchema, configVariables, type Config } from './config.js';
import { describeIssue } from './describe-issue.js';

/**
 * Reads the environment (and `.env` in the working folder), and reports all faults at once. No other code reads the
 * environment.
 */
export function loadConfig(): Config {
  if (existsSync('.env')) loadEnvFile('.env');
  return parseConfig(process.env);
}

export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // An empty variable counts as unset: `PORT= npm start` should not mean port 0.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const unknown = Object.keys(set).filter(
    (name) => name.startsWith('FEATUREGRAPH_') && !Object.hasOwn(configVariables, name),
  );
  const parsed = configSchema.safeParse(set);
  if (parsed.success && unknown.length === 0) return parsed.data;
  throw new OperatorError('The environment has faults; .env.example describes each variable:', [
    // Reports unknown variables, because a misspelled variable would silently do nothing.
    ...unknown.map((name) => `${name}: there is no such variable`),
    ...(parsed.error?.issues.map(describeIssue) ?? []),
  ]);
}
