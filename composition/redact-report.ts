import type { Config } from '../config/config.js';
import type { Registry } from '../datasources/registry/registry.js';

/** Settings whose values say where something is; every other setting is a number or a choice. */
const NAMES = ['project', 'instance', 'table', 'dataset', 'appProfile', 'featureOnlineStore', 'featurestore', 'bucket'];

/**
 * Makes a report of doctor fit for a public issue: the names of projects, instances, datasets, tables and buckets become
 * words for them, the same word for the same name, and accounts are removed. The names of featurestores, entity
 * types and features stay: without them, a reader could not say what a finding is about.
 */
export function redactReport(
  { featurestores }: Registry,
  shared: Config['sharedJobs'],
  outputs: Config['outputDataset'] = null,
): (text: string) => string {
  const words = new Map<string, string>();
  const settings = featurestores.flatMap(({ onlineSettings, offlineSettings, shadow }) => [
    onlineSettings,
    offlineSettings,
    ...(shadow ? [shadow.onlineStore] : []),
  ]);
  const places = [
    ...settings,
    ...(shared ? [shared.table, ...(shared.files ? [shared.files] : [])] : []),
    ...(outputs ? [outputs] : []),
  ];
  for (const key of NAMES) {
    for (const one of places) {
      const value = (one as unknown as Readonly<Record<string, unknown>>)[key];
      if (typeof value !== 'string' || words.has(value)) continue;
      const same = [...words.values()].filter((word) => word.startsWith(`[${key} `)).length;
      words.set(value, `[${key} ${same + 1}]`);
    }
  }
  // The longest first, because a name may begin with another.
  const names = [...words.keys()].sort((one, other) => other.length - one.length);
  return (text) =>
    names
      .reduce((rest, name) => rest.replaceAll(wholeWord(name), words.get(name)!), text)
      .replaceAll(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '[account]');
}

function wholeWord(name: string): RegExp {
  return new RegExp(`(?<![\\w-])${name.replaceAll(/\W/g, '\\$&')}(?![\\w-])`, 'g');
}
