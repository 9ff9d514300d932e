import { loadConfig } from '../../config/load-config.js';
import { startGateway } from '../../main.js';
import { createLogger } from '../../observability/logger.js';
import { onTerminationSignal } from '../../server/shutdown.js';
import { progressDisplay } from '../progress-display.js';

export async function serve(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.logLevel);
  const progress = progressDisplay(logger);
  const gateway = await startGateway({ config, logger, onPrepare: progress.show }).finally(progress.end);
  onTerminationSignal(logger, gateway.stop);
  logger.info({ url: gateway.url, metricsUrl: gateway.metricsUrl ?? undefined }, 'featuregraph is ready');
  if (process.stderr.isTTY) process.stderr.write(`\n  featuregraph is ready: ${gateway.url}\n\n`);
}
