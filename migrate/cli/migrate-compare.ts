import { toErrorMessage } from '../../errors/error-message.js';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { OperatorError } from '../../errors/operator-error.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import type { OnlineStore } from '../../datasources/online/online-store.js';
import { compareStores, type Comparison } from '../../datasources/online/shadow/compare-stores.js';
import type { EntityType, OnlineStoreSettings } from '../../datasources/registry/model.js';
import { shadowRules } from '../../composition/online-stores.js';
import { getEntityType, type Registry } from '../../datasources/registry/registry.js';
import { canonicalEntityId } from '../../values/entity-id.js';
import type { Clock } from '../../values/clock.js';
import { isDone } from '../state/state-document.js';
import { StateFile } from '../state/state-file.js';

export interface MigrateCompareOptions {
  readonly featurestore: string;
  readonly entityType: string;
  /** A file with one entity id per line; without it, the command samples ids from the offline store. */
  readonly ids?: string;
  /** The size of the random sample. */
  readonly sample: number;
  /** The share of values that may differ, 0 to 1. */
  readonly threshold: number;
}

/** The external dependencies of the comparison. */
export interface CompareSetting {
  readonly registry: Registry;
  readonly openOnlineStore: (settings: OnlineStoreSettings) => Promise<OnlineStore>;
  readonly openOfflineStore: (entityType: EntityType) => Promise<Pick<OfflineStore, 'sampleEntityIds' | 'close'>>;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Compares the online store of a featurestore with its shadow. Writes nothing. */
export async function migrateCompare(
  options: MigrateCompareOptions,
  setting: CompareSetting,
): Promise<{ readonly text: string; readonly isWithinThreshold: boolean }> {
  const featurestore = setting.registry.featurestore(options.featurestore);
  const entityType = getEntityType(featurestore, options.entityType);
  const { onlineSettings, shadow } = featurestore;
  if (!shadow) {
    throw new OperatorError(`Featurestore "${featurestore.name}" has no shadow in the registry to compare with.`);
  }
  const ids =
    options.ids === undefined
      ? await sampleIdsFromOfflineStore(entityType, options.sample, setting)
      : drawSample(await readIdsFromFile(options.ids, entityType), options.sample, setting.random);
  if (ids.length === 0) throw new OperatorError('There are no entity ids to compare. --ids names a file with some.');

  const stores = [
    await setting.openOnlineStore(onlineSettings),
    await setting.openOnlineStore(shadow.onlineStore),
  ] as const;
  try {
    const rules = shadowRules(onlineSettings, shadow);
    const comparison = await compareStores(stores, entityType, ids, setting.clock(), rules);
    return {
      text: comparisonText(comparison, ids.length, [onlineSettings.kind, shadow.onlineStore.kind], options.threshold),
      isWithinThreshold: comparison.mismatchShare <= options.threshold,
    };
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

export interface CompareAllOptions extends Omit<MigrateCompareOptions, 'featurestore' | 'entityType'> {
  /** One featurestore; null: each that has a shadow. */
  readonly featurestore: string | null;
  /** The state file whose step `compare` a comparison of all featurestores confirms, if there is the file. */
  readonly state: string;
}

/** Compares all entity types of the featurestores that have a shadow, one report after another. */
export async function compareAll(
  { featurestore: only, state, ...options }: CompareAllOptions,
  setting: CompareSetting,
): Promise<{ readonly text: string; readonly isWithinThreshold: boolean }> {
  if (options.ids !== undefined) throw new OperatorError('--ids is for one entity type: name it.');
  const chosen =
    only === null
      ? setting.registry.featurestores.filter(({ shadow }) => shadow)
      : [setting.registry.featurestore(only)];
  if (chosen.length === 0) throw new OperatorError('No featurestore of the registry has a shadow to compare with.');
  const texts: string[] = [];
  const different: string[] = [];
  for (const { name: featurestore, entityTypes } of chosen) {
    for (const { name: entityType } of entityTypes) {
      const { text, isWithinThreshold } = await migrateCompare({ ...options, featurestore, entityType }, setting);
      texts.push(`${featurestore}.${entityType}`, text, '');
      if (!isWithinThreshold) different.push(`${featurestore}.${entityType}`);
    }
  }
  const isWithinThreshold = different.length === 0;
  texts.push(
    isWithinThreshold ? 'All entity types are within the threshold.' : `Too many differ in: ${different.join(', ')}`,
  );
  if (only === null && isWithinThreshold && existsSync(state)) {
    texts.push(await noteComparison(state, setting.clock));
  }
  return { text: texts.join('\n'), isWithinThreshold };
}

/** Confirms the step `compare` when all before it is done: an earlier comparison lacks the values of the second export. */
async function noteComparison(path: string, clock: Clock): Promise<string> {
  const state = await StateFile.open(path, clock);
  try {
    const { steps } = state.document;
    const earlier = steps.slice(
      0,
      steps.findIndex(({ id }) => id === 'compare'),
    );
    const missing = earlier.find((step) => !isDone(state.document, step));
    if (missing) return `The step "compare" waits for ${missing.id}.`;
    await state.begin('compare');
    await state.end('compare', 'done', null);
    return 'The step "compare" is done.';
  } finally {
    await state.close();
  }
}

async function readIdsFromFile(path: string, { entityIdColumns }: EntityType): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OperatorError(`The file of entity ids ${path} cannot be read.`, [], { cause });
  });
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  return [...new Set(lines.map((line) => canonicalEntityId(line, entityIdColumns)))];
}

async function sampleIdsFromOfflineStore(
  entityType: EntityType,
  count: number,
  { openOfflineStore }: CompareSetting,
): Promise<string[]> {
  try {
    const offline = await openOfflineStore(entityType);
    return await offline.sampleEntityIds(entityType, count).finally(() => offline.close());
  } catch (cause) {
    throw new OperatorError(
      `The offline store gives no ids of ${entityType.name} to compare. --ids names a file with some: a gateway that runs ` +
        'keeps the embedded store to itself.',
      [toErrorMessage(cause)],
      { cause },
    );
  }
}

/** Samples ids with equal probability: the last places of a shuffle, without computing the other places. */
function drawSample(ids: string[], size: number, random: () => number): string[] {
  const end = Math.max(0, ids.length - size);
  for (let last = ids.length - 1; last >= end; last -= 1) {
    const chosen = Math.floor(random() * (last + 1));
    [ids[last], ids[chosen]] = [ids[chosen]!, ids[last]!];
  }
  return ids.slice(end);
}

function comparisonText(
  { features, compared, mismatchShare }: Comparison,
  entities: number,
  [one, other]: readonly [string, string],
  threshold: number,
): string {
  const table = new Table({
    head: ['feature', 'equal', 'status', 'value', 'timestamp', 'for example'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  for (const { feature, counts, example } of features) {
    table.push([feature, counts.equal, counts.status, counts.value, counts.timestamp, example ?? '']);
  }
  return [
    `${one} and ${other}: ${entities} ${entities === 1 ? 'entity' : 'entities'}, ${compared} values`,
    table.toString(),
    `${percent(mismatchShare)} differ; ${percent(threshold)} may.`,
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
