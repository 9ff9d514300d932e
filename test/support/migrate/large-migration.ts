import { afterEach, beforeEach } from 'vitest';
import { PROJECT_NUMBER } from '../google/vertex/feature-views.js';
import { PLACE } from '../google/vertex-world.js';
import { temporaryFolder } from '../temporary-folder.js';
import { addLargeProject, type LargeType } from './large-project.js';
import { MigrationWorld } from './migration-world.js';

export interface LargeMigration {
  readonly world: MigrationWorld;
  readonly types: LargeType[];
  /** Writes a plan whose views are in two projects. Returns its path. */
  readonly plan: () => Promise<string>;
}

const OTHER = 'views-project';

/** A migration of 40 entity types and 2,000 features for each test of the file. Returns that of the running test. */
export function useLargeMigration(): () => LargeMigration {
  let migration: LargeMigration;
  beforeEach(async () => {
    const world = await MigrationWorld.start([OTHER]);
    const plan = (): Promise<string> =>
      world.planInto(temporaryFolder(), { viewProjects: [PLACE.project, OTHER], projectNumber: PROJECT_NUMBER });
    migration = { world, types: addLargeProject(world), plan };
  });
  afterEach(() => migration.world.stop());
  return () => migration;
}
