import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import { checkRegistry } from '../../composition/check-registry.js';
import { draftFromFiles, type DraftRequest } from '../../composition/draft-from-files.js';
import { diagnoseRegistry } from '../../composition/registry.js';
import { FileReader } from '../../datasources/files/file-reader.js';
import type { DraftFile } from '../../datasources/registry/draft/draft-text.js';
import { TIME_UNITS, type TimeUnit } from '../../datasources/registry/draft/wishes.js';
import { OperatorError } from '../../errors/operator-error.js';
import { addFileFlags, namingFlags, toFileOptions, type FileFlags } from '../file-flags.js';
import { draftSummary, exampleQuery } from '../init-summary.js';

interface InitFlags extends FileFlags {
  readonly output: string;
  readonly featurestore?: string;
  readonly entityType?: string;
  readonly entityId?: readonly string[];
  readonly timestamp?: readonly string[];
  readonly timestampUnit?: TimeUnit;
  readonly static?: readonly string[];
}

const EXAMPLES = `
Examples:
  featuregraph init data/*.parquet
  featuregraph init orders.csv --time-zone UTC --entity-id customer_id --timestamp ordered_at
  featuregraph init orders customers.csv --entity-id orders=customer_id --static customers --output shop

Files with the same columns are one table, and one source. Sources with the same id columns are of one entity type.
Existing files are never overwritten. docs/registry.md explains the registry and the rules of the draft.`;

/** `featuregraph init`: drafts a registry and its SQL from files. */
export function initCommand(write: (text: string) => void): Command {
  const collect = (text: string, texts: readonly string[] = []): readonly string[] => [...texts, text];
  const command = new Command('init')
    .description('Draft a registry (registry.yaml and sql/) from Parquet, CSV, TSV or JSONL files, and check it.')
    .argument('<files...>', 'files, folders or patterns; also .gz and .zst')
    .option('--output <folder>', 'the folder for registry.yaml and sql/', '.')
    .option('--featurestore <name>', 'the name of the featurestore (default: that of the output folder)')
    .option('--entity-type <name>', 'the entity type of all rows (default: from the id columns and the file names)')
    .option(
      '--entity-id <[table=]column[,column]>',
      'the id columns, of all tables that have them or of one table; repeatable',
      collect,
    )
    .option('--timestamp <[table=]column>', 'the column of the event time; repeatable', collect)
    .addOption(
      new Option('--timestamp-unit <unit>', 'the unit of times that are whole numbers since 1970').choices(TIME_UNITS),
    )
    .option('--static <table>', 'a table without event times; its values hold at all times; repeatable', collect)
    .addHelpText('after', EXAMPLES);
  return addFileFlags(command).action(
    namingFlags(async (names: readonly string[], flags: InitFlags) => init(names, flags, write)),
  );
}

async function init(names: readonly string[], flags: InitFlags, write: (text: string) => void): Promise<void> {
  const { output } = flags;
  const registry = join(output, 'registry.yaml');
  refuseExisting([registry], output);
  // Not in the data folder, from which a gateway reads its files.
  const work = await mkdtemp(join(tmpdir(), 'featuregraph-init-'));
  await using reader = await FileReader.open(work);
  const draft = await draftFromFiles(toRequest(names, flags), reader);
  await writeFiles(draft.files, output);
  await requireSound(registry, draft.files, reader, join(work, 'no-data'));
  const query = exampleQuery(draft.registry);
  write(
    [
      draftSummary(draft.registry),
      `Written: ${draft.files.map(({ path }) => join(output, path)).join(', ')}. featuregraph check finds no faults.\n\n`,
      'Next:\n',
      `  edit ${registry}: add units, descriptions and ttlSeconds\n`,
      `  npx featuregraph check ${toShell(registry)}\n`,
      `  FEATUREGRAPH_REGISTRY=${toShell(registry)} npx featuregraph serve\n`,
      ...(query === null ? [] : [`  and ask at http://localhost:4000/graphql:\n    ${query}\n`]),
    ].join(''),
  );
}

function toRequest(names: readonly string[], flags: InitFlags): DraftRequest {
  return {
    names,
    options: toFileOptions(flags),
    output: flags.output,
    featurestore: flags.featurestore ?? null,
    entityType: flags.entityType ?? null,
    entityIds: flags.entityId ?? [],
    timestamps: flags.timestamp ?? [],
    timestampUnit: flags.timestampUnit ?? null,
    statics: flags.static ?? [],
  };
}

function refuseExisting(paths: readonly string[], output: string): void {
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0) return;
  throw new OperatorError('Nothing was written, because files are never overwritten:', [
    ...there.map((path) => `${path} is there already`),
    `name another folder with --output${output === '.' ? '' : ` instead of ${output}`}, or move what is there`,
  ]);
}

/** All files or none: what was written before a failure is removed. */
async function writeFiles(files: readonly DraftFile[], output: string): Promise<void> {
  const paths = files.map(({ path }) => join(output, path));
  refuseExisting(paths, output);
  const written: string[] = [];
  try {
    for (const [index, { text }] of files.entries()) {
      const path = paths[index]!;
      await mkdir(dirname(path), { recursive: true });
      // Another process may have made the file since.
      await writeFile(path, text, { flag: 'wx' });
      written.push(path);
    }
  } catch (error) {
    await Promise.all(written.map((path) => rm(path)));
    throw new OperatorError(`The draft cannot be written: ${(error as Error).message}`, [], { cause: error });
  }
}

/** A draft has neither a policy nor trusted documents, and is no subgraph. */
const NOTHING_ELSE = {
  policyPath: null,
  isFederated: false,
  trustedDocumentsPath: null,
  areOnlyTrustedDocumentsAnswered: false,
  isIntrospectionAllowed: true,
} as const;

/** A draft that `featuregraph check` refuses is a defect of ours: the user gets its faults, and no files. */
async function requireSound(
  registryPath: string,
  files: readonly DraftFile[],
  reader: FileReader,
  noData: string,
): Promise<void> {
  const faults: string[] = [];
  try {
    const { registry } = await diagnoseRegistry(registryPath);
    // The data folder of the user is of other registries.
    for (const { findings } of checkRegistry(registry, { ...NOTHING_ELSE, dataDirectory: noData }, reader)) {
      for await (const { status, message } of findings) if (status === 'fault') faults.push(message);
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    faults.push(error.summary, ...error.faults);
  }
  if (faults.length === 0) return;
  await Promise.all(files.map(({ path }) => rm(join(dirname(registryPath), path), { force: true })));
  throw new OperatorError('The draft does not pass featuregraph check, and was removed:', faults);
}

/** A path as people type it in a shell. */
function toShell(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
