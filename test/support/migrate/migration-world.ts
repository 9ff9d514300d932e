import { join } from 'node:path';
import { PassThroughClient } from 'google-auth-library';
import { migratePlan, type MigratePlanOptions } from '../../../migrate/cli/migrate-plan.js';
import { runMigration, type RunEnd, type RunOptions } from '../../../migrate/run/run-migration.js';
import type { StepServices } from '../../../migrate/run/step-context.js';
import { StateFile } from '../../../migrate/state/state-file.js';
import { loadPriceBooks, toPriceBooks } from '../../../costs/files/load-price-books.js';
import { openBigQueryClient } from '../../../datasources/google/bigquery/client.js';
import { VertexClients } from '../../../datasources/google/vertex/vertex-clients.js';
import { toProtoTime } from '../../../datasources/google/vertex/proto-time.js';
import { PacedCreations } from '../../../migrate/run/paced-creations.js';
import { systemClock } from '../../../values/clock.js';
import { parseInstant, type Instant } from '../../../values/instant.js';
import { BigQueryServer } from '../google/bigquery-server/server.js';
import type { LegacyEntityType } from '../google/vertex/legacy-featurestores.js';
import { PLACE, startEmptyVertexWorld, type VertexWorld } from '../google/vertex-world.js';

export const DATASET = 'features';
export const START = parseInstant('2026-11-29T09:00:00Z');
const SECOND = 1_000_000n;

/** The defaults of the options of `migrate plan`. */
export const PLAN_OPTIONS: Omit<MigratePlanOptions, 'dataset'> = {
  ...PLACE,
  featurestores: [],
  datasetLocation: null,
  onlineStore: null,
  prefix: '',
  viewProjects: [PLACE.project],
  viewQuota: 30,
  wideViews: false,
  projectNumber: null,
  lateDays: 7,
  historyGib: null,
  out: null,
};

/** A project with legacy featurestores and BigQuery, whose clock the test sets. */
export class MigrationWorld {
  now: Instant = START;
  /** Whether the clock is that of the machine, for processes that cannot see `now`. */
  usesMachineClock = false;

  private constructor(
    readonly vertex: VertexWorld,
    readonly bigQuery: BigQueryServer,
  ) {}

  static async start(otherProjects: readonly string[] = []): Promise<MigrationWorld> {
    const clock = (): Instant => world.#read();
    const bigQuery = await BigQueryServer.start(clock);
    bigQuery.tables.addDataset(PLACE.project, DATASET, PLACE.location);
    const vertex = await startEmptyVertexWorld(clock, otherProjects);
    vertex.legacy.tables = bigQuery.tables;
    vertex.views.tables = bigQuery.tables;
    const world = new MigrationWorld(vertex, bigQuery);
    return world;
  }

  async stop(): Promise<void> {
    this.vertex.server.stop();
    await this.bigQuery.stop();
  }

  /** Each look at the clock is a second later than the one before. */
  readonly tick = (): Instant => {
    this.now += SECOND;
    return this.#read();
  };

  #read(): Instant {
    return this.usesMachineClock ? systemClock() : this.now;
  }

  clients(): VertexClients {
    return new VertexClients(PLACE.location, this.vertex.server.clientOptions);
  }

  async services(): Promise<StepServices> {
    return {
      vertex: this.clients(),
      bigQuery: await openBigQueryClient(
        { project: PLACE.project },
        {
          apiEndpoint: this.bigQuery.endpoint,
          retryOptions: { maxRetryDelay: 0.001 },
          authClient: new PassThroughClient(),
        },
      ),
      clock: this.tick,
      pollMs: 1,
      createPolicy: { attemptMs: 10_000, totalMs: 60_000, retries: 2, pauseMs: 1 },
      featureCreations: new PacedCreations(Infinity),
    };
  }

  async plan(options: Partial<MigratePlanOptions> = {}): Promise<string> {
    const book = toPriceBooks(await loadPriceBooks(null), 'google-us-central1').find(null);
    return migratePlan(
      {
        ...PLAN_OPTIONS,
        dataset: DATASET,
        ...options,
      },
      { clients: this.clients(), book, clock: this.tick },
    );
  }

  /** Plans into a state file in the folder; gives its path. */
  async planInto(folder: string, options: Partial<MigratePlanOptions> = {}): Promise<string> {
    const out = join(folder, 'migration.json');
    await this.plan({ out, ...options });
    return out;
  }

  /** A run of its own, as a command makes it: with the state of the file and new clients. */
  async run(path: string, options: Partial<RunOptions> = {}): Promise<RunEnd> {
    const state = await StateFile.open(path, this.tick);
    const services = options.services ?? (await this.services());
    try {
      const signal = new AbortController().signal;
      return await runMigration({ report: () => undefined, signal, ...options, state, services });
    } finally {
      if (!options.services) await services.vertex.close();
      await state.close();
    }
  }

  /** Writes a value into the legacy featurestore, as its writers did. */
  writeLegacy(entityType: LegacyEntityType, entity: string, feature: string, time: Instant, value: object): void {
    const wire = { ...value, metadata: { generateTime: toProtoTime(time) } };
    entityType.values.put(entity, feature, wire, this.now);
  }
}
