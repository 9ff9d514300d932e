import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

/** FEATUREGRAPH_TOKEN of the environment or of `.env`, for commands that call a gateway; null: none. */
export function clientToken(): string | null {
  if (existsSync('.env')) loadEnvFile('.env');
  const { FEATUREGRAPH_TOKEN: token = '' } = process.env;
  return token === '' ? null : token;
}
