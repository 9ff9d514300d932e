import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

/**
 * The address of the gateway that has the environment (and `.env`) of a command. PORT=0 takes any free port, so nothing
 * says which: then it is the address with the default port.
 */
export function clientUrl(): string {
  if (existsSync('.env')) loadEnvFile('.env');
  const { PORT: port = '', FEATUREGRAPH_TLS_CERTIFICATE: certificate = '' } = process.env;
  const isKnown = /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535;
  return `${certificate === '' ? 'http' : 'https'}://localhost:${isKnown ? port : '4000'}/graphql`;
}
