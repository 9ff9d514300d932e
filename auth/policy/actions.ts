/** What a rule can say about the things that an action concerns. */
export const SCOPES = [
  'featurestores',
  'entityTypes',
  'features',
  'sensitivity',
  'entityIds',
  'models',
  'files',
  'tables',
  'createdBy',
  'maxCostUsd',
] as const;

export type Scope = (typeof SCOPES)[number];

const OF_ENTITIES = ['featurestores', 'entityTypes', 'entityIds'] as const;
const OF_ENTITY_TYPES = ['featurestores', 'entityTypes', 'maxCostUsd'] as const;

/** The actions, each with the scopes that a rule about it can have. A rule of several actions has the scopes of all. */
export const ACTIONS = {
  READ: { scopes: [...OF_ENTITIES, 'features', 'sensitivity'], meaning: 'Read feature values.' },
  WRITE: { scopes: [...OF_ENTITIES, 'features', 'sensitivity'], meaning: 'Write feature values.' },
  DELETE: { scopes: OF_ENTITIES, meaning: 'Delete entities, with the values of all their features.' },
  TRAINING_SET: {
    scopes: OF_ENTITY_TYPES,
    meaning: 'Make, preview, validate and estimate training sets, of features that READ allows.',
  },
  BATCH_PREDICTION: { scopes: ['models', 'maxCostUsd'], meaning: 'Run and estimate batch predictions of a model.' },
  FEATURE_VIEW_SYNC: { scopes: OF_ENTITY_TYPES, meaning: 'Sync feature views.' },
  SOURCE_REFRESH: { scopes: OF_ENTITY_TYPES, meaning: 'Recompute sources.' },
  MONITOR_RUN: { scopes: OF_ENTITY_TYPES, meaning: 'Run and estimate monitors, of features that READ allows.' },
  READ_FILE: { scopes: ['files'], meaning: 'Name a file as labels or as the input of a batch prediction.' },
  WRITE_FILE: { scopes: ['files'], meaning: 'Name a file or folder as the output of a job.' },
  READ_TABLE: { scopes: ['tables'], meaning: 'Name a table as labels or as the input of a batch prediction.' },
  WRITE_TABLE: { scopes: ['tables'], meaning: 'Name a table as the output of a job.' },
  SEE_JOBS: { scopes: ['createdBy'], meaning: 'See the jobs of others, with their results.' },
  CANCEL_JOBS: { scopes: ['createdBy'], meaning: 'Cancel the jobs of others, among those that SEE_JOBS allows.' },
  APPLY_REGISTRY: { scopes: [], meaning: 'Apply the registry file of the gateway, and plan it.' },
} as const satisfies Record<string, { readonly scopes: readonly Scope[]; readonly meaning: string }>;

export type Action = keyof typeof ACTIONS;

export const ACTION_NAMES = Object.keys(ACTIONS) as [Action, ...Action[]];

/** Actions that start jobs of an entity type. */
export type EntityTypeJob = 'TRAINING_SET' | 'FEATURE_VIEW_SYNC' | 'SOURCE_REFRESH' | 'MONITOR_RUN';

export function hasScope(action: Action, scope: Scope): boolean {
  return (ACTIONS[action].scopes as readonly Scope[]).includes(scope);
}
