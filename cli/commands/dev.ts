import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import { startGateway } from '../../main.js';
import { createLogger } from '../../observability/logger.js';
import { onTerminationSignal } from '../../server/shutdown.js';
import { progressDisplay } from '../progress-display.js';
import { watchFolders } from '../watch-folders.js';

/** `serve`, and applies the registry and refreshes sources whenever a file of them changes. */
export async function dev(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.logLevel);
  const progress = progressDisplay(logger);
  const gateway = await startGateway({ config, logger, onPrepare: progress.show }).finally(progress.end);
  const folders = [...new Set([dirname(resolve(registryPathOf(config))), ...gateway.tablePaths.map(existingFolder)])];
  const stopWatching = watchFolders(folders, config.dataDirectory, async () => {
    try {
      const { isApplied, plan } = await gateway.reload();
      if (!isApplied) logger.error({ faults: plan.faults }, 'the registry has faults: the one before is served');
    } catch (err) {
      logger.error({ err }, 'the registry was not applied: the one before is served');
    }
  });
  onTerminationSignal(logger, async () => {
    await stopWatching();
    await gateway.stop();
  });
  logger.info({ url: gateway.url, folders }, 'featuregraph is ready and watches its files');
}

/** The folder of a file or a pattern. */
function existingFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) ? folder : existingFolder(folder);
}
