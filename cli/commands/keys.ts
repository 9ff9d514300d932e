import { Command, InvalidArgumentError, Option } from 'commander';
import { readKeyFile } from '../../auth/api-keys/key-file.js';
import { createKey, revokeKeys, stateOf } from '../../auth/api-keys/manage-keys.js';
import { readAuthenticationFile } from '../../auth/read-authentication-file.js';
import { keyFilePath } from '../../composition/authentication.js';
import { loadConfig } from '../../config/load-config.js';
import type { Clock } from '../../values/clock.js';
import { formatInstant, MICROS_PER_SECOND, parseInstant, type Instant } from '../../values/instant.js';
import { formatTable } from '../cost-tables.js';

export interface KeysCommandOptions {
  /** The result, which a script reads. */
  readonly write: (text: string) => void;
  /** For people. */
  readonly note: (text: string) => void;
  readonly clock: Clock;
}

interface CreateOptions {
  readonly group?: readonly string[];
  readonly claim?: Readonly<Record<string, string>>;
  readonly expires: (now: Instant) => Instant | null;
  readonly rotate: boolean;
}

/** `featuregraph keys`: the API keys of the gateway with the same configuration, also while it runs. */
export function keysCommand({ write, note, clock }: KeysCommandOptions): Command {
  const keys = new Command('keys').description(
    'Create, list and revoke API keys. A running gateway applies changes within a second.',
  );
  keys
    .command('create')
    .description('Create a key and print it once. The gateway stores only its hash.')
    .argument('<name>', 'what the key is for; the principal is key:<name>')
    .option('--group <name...>', 'the groups of the principal')
    .option('--claim <name=value...>', 'claims of the principal, such as tenant=acme', claim)
    .addOption(
      new Option('--expires <time>', 'when the key expires: 90d, 12h, an RFC 3339 time, or never')
        .argParser(expiry)
        .default(expiry('90d'), '90d'),
    )
    .option('--rotate', 'create a second key of this principal, with the same groups and claims', false)
    .action(async (name: string, options: CreateOptions) => {
      const { path, isUsed } = await keyFile();
      const now = clock();
      const expiresAt = options.expires(now);
      const { id, key } = await createKey(path, {
        name,
        groups: options.group ?? [],
        claims: options.claim ?? {},
        expiresAt,
        isRotation: options.rotate,
        now,
      });
      write(`${key}\n`);
      const end = expiresAt === null ? 'It does not expire.' : `It expires at ${formatInstant(expiresAt)}.`;
      note(`The key ${id} is for the principal key:${name}. ${end} This is the only time that it is shown.\n`);
      if (!isUsed) note(NOT_USED);
    });
  keys
    .command('list')
    .description('List the names, ids and states of the keys.')
    .option('--json', 'as JSON', false)
    .action(async ({ json }: { readonly json: boolean }) => {
      const { path } = await keyFile();
      const now = clock();
      const rows = (await readKeyFile(path)).map((record) => ({
        id: record.id,
        name: record.name,
        state: stateOf(record, now),
        groups: record.groups,
        claims: record.claims,
        createdAt: formatInstant(record.createdAt),
        expiresAt: record.expiresAt === null ? null : formatInstant(record.expiresAt),
      }));
      if (json) {
        write(`${JSON.stringify(rows, null, 2)}\n`);
        return;
      }
      const table = formatTable(['id', 'name', 'state', 'groups', 'claims', 'created', 'expires'], []);
      for (const { id, name, state, groups, claims, createdAt, expiresAt } of rows) {
        const facts = Object.entries(claims).map(([fact, value]) => `${fact}=${value}`);
        table.push([id, name, state, groups.join(', '), facts.join(', '), createdAt, expiresAt ?? 'never']);
      }
      write(`${table.toString()}\n`);
    });
  keys
    .command('revoke')
    .description('Revoke a key by its id, or all keys of a name. Their open streams end.')
    .argument('<id or name>', 'an id or a name from "keys list"')
    .action(async (idOrName: string) => {
      const { path } = await keyFile();
      const revoked = await revokeKeys(path, idOrName, clock());
      write(revoked.map((id) => `${id}\n`).join(''));
      if (revoked.length === 0) note('It was revoked before.\n');
    });
  return keys;
}

const NOT_USED = `A gateway with this configuration does not accept API keys. Write "apiKeys: {}" into the file that FEATUREGRAPH_AUTHENTICATION names.\n`;

async function keyFile(): Promise<{ readonly path: string; readonly isUsed: boolean }> {
  const { authenticationPath, dataDirectory } = loadConfig();
  const document = authenticationPath === null ? undefined : await readAuthenticationFile(authenticationPath);
  return {
    path: keyFilePath(authenticationPath, document?.apiKeys?.file, dataDirectory),
    isUsed: document?.apiKeys !== undefined,
  };
}

const UNITS: Readonly<Record<string, bigint>> = { d: 86_400n, h: 3_600n, m: 60n };

/** A time from now on, or at a moment. */
function expiry(text: string): (now: Instant) => Instant | null {
  if (text === 'never') return () => null;
  const [, count, unit = ''] = /^(\d{1,5})([dhm])$/.exec(text) ?? [];
  if (count !== undefined) return (now) => now + BigInt(count) * UNITS[unit]! * MICROS_PER_SECOND;
  try {
    const instant = parseInstant(text);
    return () => instant;
  } catch {
    throw new InvalidArgumentError(
      'Write it as 90d, 12h, 30m, an RFC 3339 time such as 2027-01-31T00:00:00Z, or never.',
    );
  }
}

function claim(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
