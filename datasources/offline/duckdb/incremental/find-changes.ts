import type { IncrementalInputs, FullRefreshReason } from '../../importing-offline-store.js';
import type { IncrementState } from './increment-state.js';

/** The files of the declared table that differ from those of the last import. */
export interface FileChanges {
  /** Files that are new or have other content, by name, in the order in which the SQL reads them. */
  readonly computed: readonly string[];
  /** Files whose stored rows are removed: those of `computed` that were imported before, and those that are no more there. */
  readonly replaced: readonly string[];
}

/** What changed since an import; or why only the whole SQL gives the values. */
export function findChanges(
  state: IncrementState | null,
  { base, files }: IncrementalInputs,
  { isByFile }: { readonly isByFile: boolean },
): FileChanges | FullRefreshReason {
  if (state?.base !== base || (!isByFile && state.watermark === null)) return 'OTHER_INPUT_CHANGED';
  const before = new Map(state.files.map(({ name, fingerprint }) => [name, fingerprint]));
  const removed = [...before.keys()].filter((name) => !files.has(name));
  if (!isByFile && removed.length > 0) return 'FILE_REMOVED';
  const computed = [...files.keys()].filter((name) => before.get(name) !== files.get(name));
  // After a watermark, rows are only added.
  if (!isByFile) return { computed, replaced: [] };
  return { computed, replaced: [...computed.filter((name) => before.has(name)), ...removed] };
}
