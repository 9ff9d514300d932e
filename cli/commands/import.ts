import { createHash } from 'node:crypto';
import { appendFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { FileFault } from '../../datasources/files/file-fault.js';
import { OperatorError } from '../../errors/operator-error.js';
import type { Receipt } from '../../ingestion/ndjson/receipt.js';
import type { ValueType } from '../../values/value-type.js';
import { gatewayAt, type GatewayClient, tokenOption, urlOption } from '../gateway-client.js';
import { addFileFlags, namingFlags, toFileOptions, type FileFlags } from '../file-flags.js';
import { readImportRows } from '../import-rows.js';

interface ImportOptions extends FileFlags {
  readonly url: string;
  readonly token?: string;
  readonly entityId?: readonly string[];
  readonly timestamp?: string;
  readonly features?: readonly string[];
  readonly refused: string;
  readonly state: string;
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('Write the rows of Parquet, CSV or JSONL files through a running gateway.')
    .argument('<featurestore>', 'the featurestore')
    .argument('<entityType>', 'the entity type')
    .argument('<files...>', 'files, folders or patterns')
    .requiredOption('--features <names...>', 'the features to write; the columns have their names')
    .option('--entity-id <columns...>', 'the columns of the entity id (default: those of the registry)')
    .option('--timestamp <column>', 'the column of the event time; without it, the features are of static sources');
  return addFileFlags(command)
    .option('--refused <file>', 'the file for refused and quarantined rows and the reasons', 'import-refused.ndjson')
    .option('--state <file>', 'the file for the progress, so that a second run continues', 'import-state.json')
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(namingFlags(importFiles));
}

async function importFiles(
  featurestore: string,
  entityType: string,
  names: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const client = gatewayAt(options);
  const known = await describeEntityType(client, featurestore, entityType);
  const features = new Map<string, ValueType>();
  for (const name of options.features ?? []) {
    const valueType = known.features.get(name);
    if (!valueType) {
      throw new OperatorError(
        `The entity type "${entityType}" has no feature "${name}". There are: ${[...known.features.keys()].join(', ')}.`,
      );
    }
    features.set(name, valueType);
  }
  // Of a file that changed, other rows come first: its import begins anew.
  const files = await Promise.all(names.map((name) => stat(name).catch(() => undefined)));
  const versions = files.map((file) => [file?.size, file?.mtimeMs]);
  const task = createHash('sha256')
    .update(JSON.stringify([featurestore, entityType, names, versions, { ...options, token: undefined }]))
    .digest('hex');
  const done = await readState(options.state, task);
  const target = new URL(`/ingest/${encodeURIComponent(featurestore)}/${encodeURIComponent(entityType)}`, options.url);
  const counts = { written: 0, duplicates: 0, quarantined: 0, refused: 0 };
  const bar = new SingleBar({ format: ' {bar} {percentage}% | {value} of {total} rows', stream: process.stderr });
  let sent = done;
  let isShown = false;
  try {
    const columns = {
      entityId: options.entityId ?? known.entityIdColumns,
      timestamp: options.timestamp ?? null,
      features,
    };
    const { format = null, ...fileOptions } = toFileOptions(options);
    const pages = readImportRows({ names, format, options: fileOptions, columns, skip: done });
    for await (const { lines, total } of pages) {
      if (!isShown) bar.start(Math.max(total, sent), sent);
      isShown = true;
      for (const receipt of await send(client, target, lines)) {
        if (receipt.status === 'WRITTEN') counts.written += 1;
        else if (receipt.status === 'DUPLICATE') counts.duplicates += 1;
        else {
          if (receipt.status === 'QUARANTINED') counts.quarantined += 1;
          else counts.refused += 1;
          await appendFile(options.refused, `${JSON.stringify({ row: lines[receipt.line - 1], ...receipt })}\n`);
        }
      }
      sent += lines.length;
      await writeState(options.state, task, sent);
      bar.update(sent);
    }
  } catch (error) {
    if (error instanceof FileFault) throw new OperatorError(error.message, [], { cause: error });
    throw error;
  } finally {
    if (isShown) bar.stop();
  }
  await rm(options.state, { force: true });
  const { written, duplicates, quarantined, refused } = counts;
  const isAnyLeft = refused + quarantined > 0;
  console.log(
    `${written} ${written === 1 ? 'row' : 'rows'} written, ${duplicates} ${duplicates === 1 ? 'was' : 'were'} there before, ${refused} refused${quarantined > 0 ? `, ${quarantined} in the quarantine of the gateway` : ''}${isAnyLeft ? ` (${options.refused})` : ''}.`,
  );
  if (isAnyLeft) process.exitCode = 1;
}

interface KnownEntityType {
  readonly entityIdColumns: readonly string[];
  readonly features: ReadonlyMap<string, ValueType>;
}

async function describeEntityType(
  client: GatewayClient,
  featurestore: string,
  entityType: string,
): Promise<KnownEntityType> {
  const query = `query ($featurestore: String!, $entityType: String!, $after: String) {
    featurestore(name: $featurestore) { entityType(name: $entityType) {
      entityIdColumns features(first: 100, after: $after) { nodes { name valueType } pageInfo { hasNextPage endCursor } } } } }`;
  interface Page {
    readonly featurestore: {
      readonly entityType: {
        readonly entityIdColumns: readonly string[];
        readonly features: {
          readonly nodes: readonly { readonly name: string; readonly valueType: ValueType }[];
          readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
        };
      };
    };
  }
  const features = new Map<string, ValueType>();
  for (let after: string | null = null; ;) {
    const page: Page = await client.ask<Page>(query, { featurestore, entityType, after });
    const { entityIdColumns, features: listed } = page.featurestore.entityType;
    for (const { name, valueType } of listed.nodes) features.set(name, valueType);
    if (!listed.pageInfo.hasNextPage) return { entityIdColumns, features };
    after = listed.pageInfo.endCursor;
  }
}

/** A page is small enough that its receipts never wait for this side to read them. */
async function send(client: GatewayClient, target: URL, lines: readonly string[]): Promise<Receipt[]> {
  const response = await fetch(target, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...client.authorization },
    body: lines.map((line) => `${line}\n`).join(''),
  }).catch((cause: unknown) => {
    throw new OperatorError('The gateway does not answer. The same command goes on where this one ended.', [], {
      cause,
    });
  });
  const answers = (await response.text())
    .trim()
    .split('\n')
    .map(
      (text) => JSON.parse(text) as Receipt & { readonly done?: object; readonly error?: { readonly message: string } },
    );
  const last = answers.at(-1);
  if (response.ok && last?.done) return answers.slice(0, -1);
  const reason = last?.error?.message ?? JSON.stringify(last);
  throw new OperatorError('The gateway ended the import. The same command goes on where this one ended:', [reason]);
}

async function readState(path: string, task: string): Promise<number> {
  if (!(await stat(path).catch(() => undefined))) return 0;
  const state = JSON.parse(await readFile(path, 'utf8')) as { readonly task: string; readonly rows: number };
  if (state.task === task) return state.rows;
  throw new OperatorError(`${path} is of another import. Remove it, or name another file with --state.`);
}

/** A kill in between leaves the state before: the rows since then are sent again, and are duplicates. */
async function writeState(path: string, task: string, rows: number): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify({ task, rows }));
  await rename(`${path}.new`, path);
}
