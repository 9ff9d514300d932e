import { watch } from 'node:fs';
import { resolve, sep } from 'node:path';

/** An editor writes a file in several steps: the last of them counts. */
const SETTLE_MS = 200;

/**
 * Calls `onChange` after something in these folders changed, one call at a time; changes during a call cause another
 * one. Changes in `ignored` do not count. Returns the function that ends it.
 */
export function watchFolders(
  folders: readonly string[],
  ignored: string,
  onChange: () => Promise<void>,
): () => Promise<void> {
  const without = resolve(ignored);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const changed = (folder: string, name: string | null): void => {
    const path = resolve(folder, name ?? '');
    if (path === without || path.startsWith(without + sep)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(onChange);
    }, SETTLE_MS);
  };
  const watchers = [...new Set(folders)].map((folder) =>
    watch(folder, { recursive: true }, (_event, name) => changed(folder, name)),
  );
  return async () => {
    for (const watcher of watchers) watcher.close();
    clearTimeout(timer);
    await running;
  };
}
