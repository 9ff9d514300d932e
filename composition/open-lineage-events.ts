import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Config } from '../config/config.js';
import { parseApiKey, type OpenLineageConfig } from '../config/open-lineage-config.js';
import { readRelease } from '../config/release.js';
import type { DataFiles } from '../datasources/files/data-files.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import { resolveTableAddress } from '../datasources/offline/bigquery/source-table.js';
import type { Registry } from '../datasources/registry/registry.js';
import { DatasetNames } from '../lineage/dataset-names.js';
import { Datasets } from '../lineage/datasets.js';
import { EventOutbox } from '../lineage/event-outbox.js';
import { EventSender } from '../lineage/event-sender.js';
import { JobDatasetFinder } from '../lineage/job-datasets.js';
import { LineageEvents } from '../lineage/lineage-events.js';
import { FacetMaker } from '../lineage/open-lineage.js';
import { RunEvents } from '../lineage/run-events.js';
import { createLineageMetrics } from '../observability/lineage-metrics.js';
import type { Logger } from '../observability/logger.js';

export interface LineageEventsPlace {
  readonly config: Pick<Config, 'dataDirectory' | 'openLineage' | 'sharedJobs'>;
  readonly registry: Registry;
  readonly store: Pick<JobStore, 'get'>;
  readonly files: Pick<DataFiles, 'folder'>;
  readonly logger: Logger;
  readonly metricsRegistry: MetricsRegistry;
  readonly opened: AsyncDisposableStack;
}

/** The events of OpenLineage; null if no server gets them. They are closed with `opened`. */
export async function openLineageEvents(place: LineageEventsPlace): Promise<LineageEvents | null> {
  const { config, registry, store, files, logger, metricsRegistry, opened } = place;
  const { openLineage } = config;
  if (!openLineage) return null;
  const outbox = new EventOutbox(join(config.dataDirectory, 'lineage'));
  const count = createLineageMetrics(metricsRegistry, () => outbox.size);
  const facets = new FacetMaker(`urn:featuregraph:${readRelease().version}`);
  const names = new DatasetNames({
    namespace: openLineage.namespace,
    filesFolder: files.folder,
    sharedFiles: config.sharedJobs?.files ?? null,
    findTable: (source) => {
      const settings = source.entityType.featurestore.offlineSettings;
      return settings.kind === 'BIGQUERY' ? resolveTableAddress(source, settings) : null;
    },
  });
  const datasets = new JobDatasetFinder({
    registry,
    datasets: new Datasets(names, facets),
    findJob: (id) => store.get(id),
  });
  let isFailing = false;
  const sender = new EventSender({
    outbox,
    url: openLineage.url,
    readApiKey: () => readApiKey(openLineage),
    onAttempt: (outcome, err) => {
      if (outcome === 'FAILED') {
        count('failed');
        if (!isFailing) logger.warn({ err }, 'the server of OpenLineage does not take events; they wait');
      } else if (outcome === 'REFUSED') {
        count('refused');
        logger.warn({ err }, 'the server of OpenLineage refused an event, and it was dropped');
      } else count('sent');
      isFailing = outcome === 'FAILED';
    },
  });
  const events = new LineageEvents({
    events: new RunEvents({ namespace: openLineage.namespace, release: readRelease().version, facets, datasets }),
    outbox,
    sender,
    onDropped: (dropped, err) => {
      count('dropped', dropped);
      logger.error({ err, events: dropped }, 'events of OpenLineage were dropped');
    },
  });
  opened.defer(() => events.close());
  await events.recover((id) => store.get(id));
  return events;
}

async function readApiKey({ apiKey, apiKeyFile }: OpenLineageConfig): Promise<string | null> {
  return apiKeyFile === null ? apiKey : parseApiKey(await readFile(apiKeyFile, 'utf8'));
}
