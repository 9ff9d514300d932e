import type { EntityType } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { Principal } from '../principal.js';
import type { Action, EntityTypeJob } from './actions.js';
import { FeatureAccess, type FeatureRule } from './feature-access.js';
import { isCoveredFile } from './file-names.js';
import { entityIdMatcher, isWho, matcher, type Matches } from './patterns.js';
import type { PolicyDocument, Rule } from './policy-document.js';

/** Whether a job may start, and up to which estimate. null: no limit. */
export type JobPermission =
  { readonly isAllowed: true; readonly maxCostUsd: number | null } | { readonly isAllowed: false };

const DENIED: JobPermission = { isAllowed: false };

/** What one principal may. It is a plain answer: who asks refuses, because only they know the field at fault. */
export interface Access {
  /** No policy is configured: everything is allowed. */
  readonly isUnrestricted: boolean;
  /** Reads of feature values. */
  reads(entityType: EntityType): FeatureAccess;
  writes(entityType: EntityType): FeatureAccess;
  mayDelete(entityType: EntityType, entityId: string): boolean;
  /** A job, preview or estimate that concerns an entity type. */
  jobOf(kind: EntityTypeJob, entityType: EntityType): JobPermission;
  batchPrediction(model: string): JobPermission;
  mayUseFile(action: 'READ_FILE' | 'WRITE_FILE', name: string): boolean;
  mayUseTable(action: 'READ_TABLE' | 'WRITE_TABLE', name: string): boolean;
  /** Every principal sees and cancels its own jobs. `createdBy` is null for jobs that the gateway started. */
  maySeeJobOf(createdBy: string | null): boolean;
  mayCancelJobOf(createdBy: string | null): boolean;
  mayApplyRegistry(): boolean;
  /** Whether lists and searches show it: the principal may read or write one of its features, of some entity. */
  isVisible(entityType: EntityType): boolean;
  /** The rules that apply to the principal. */
  readonly rules: readonly Rule[];
}

/** The access of every principal when no policy is configured. */
export class UnrestrictedAccess implements Access {
  readonly isUnrestricted = true;
  readonly rules: readonly Rule[] = [];
  readonly #features = new WeakMap<EntityType, FeatureAccess>();
  readonly #job: JobPermission = { isAllowed: true, maxCostUsd: null };

  reads(entityType: EntityType): FeatureAccess {
    let access = this.#features.get(entityType);
    if (!access) {
      const all: FeatureRule = { effect: 'ALLOW', features: new Set(entityType.features), entityIds: null };
      this.#features.set(entityType, (access = new FeatureAccess(entityType, [all])));
    }
    return access;
  }

  writes(entityType: EntityType): FeatureAccess {
    return this.reads(entityType);
  }

  jobOf(): JobPermission {
    return this.#job;
  }

  batchPrediction(): JobPermission {
    return this.#job;
  }

  readonly mayDelete = (): boolean => true;
  readonly mayUseFile = (): boolean => true;
  readonly mayUseTable = (): boolean => true;
  readonly maySeeJobOf = (): boolean => true;
  readonly mayCancelJobOf = (): boolean => true;
  readonly mayApplyRegistry = (): boolean => true;
  readonly isVisible = (): boolean => true;
}

/** What is served now. */
export type CurrentRegistry = Pick<Registry, 'findFeaturestore'>;

/** The access of one principal under a policy: what no rule allows is denied, and a rule that denies counts more. */
export class RuledAccess implements Access {
  readonly isUnrestricted = false;
  readonly rules: readonly Rule[];
  readonly #owner: string | null;
  readonly #reads = new WeakMap<EntityType, FeatureAccess>();
  readonly #writes = new WeakMap<EntityType, FeatureAccess>();

  constructor(
    { rules }: PolicyDocument,
    private readonly principal: Principal,
    /** Absent: all objects are of one registry. */
    private readonly registry?: CurrentRegistry,
  ) {
    // Jobs of the mode `open` have no owner.
    this.#owner = principal.kind === 'ANONYMOUS' ? null : principal.name;
    this.rules = rules.filter(({ who }) => isWho(who, principal));
  }

  reads(entityType: EntityType): FeatureAccess {
    return this.#features(this.#reads, 'READ', entityType);
  }

  writes(entityType: EntityType): FeatureAccess {
    return this.#features(this.#writes, 'WRITE', entityType);
  }

  mayDelete(entityType: EntityType, entityId: string): boolean {
    return (
      this.#decide('DELETE', (rule) => {
        if (!isAbout(rule, entityType)) return false;
        const ids = rule.entityIds && entityIdMatcher(rule.entityIds, this.principal);
        return ids?.matches(entityId, entityType.entityIdColumns) ?? true;
      }).length > 0
    );
  }

  jobOf(kind: EntityTypeJob, entityType: EntityType): JobPermission {
    return toPermission(this.#decide(kind, (rule) => isAbout(rule, entityType)));
  }

  batchPrediction(model: string): JobPermission {
    return toPermission(this.#decide('BATCH_PREDICTION', ({ models }) => matcher(models)(model)));
  }

  mayUseFile(action: 'READ_FILE' | 'WRITE_FILE', name: string): boolean {
    return this.#decide(action, ({ files }) => !files || isCoveredFile(files, name)).length > 0;
  }

  mayUseTable(action: 'READ_TABLE' | 'WRITE_TABLE', name: string): boolean {
    return this.#decide(action, ({ tables }) => matcher(tables)(name)).length > 0;
  }

  maySeeJobOf(createdBy: string | null): boolean {
    return createdBy === this.#owner || this.#isAllowedOn('SEE_JOBS', createdBy);
  }

  mayCancelJobOf(createdBy: string | null): boolean {
    return createdBy === this.#owner || this.#isAllowedOn('CANCEL_JOBS', createdBy);
  }

  mayApplyRegistry(): boolean {
    return this.#decide('APPLY_REGISTRY', () => true).length > 0;
  }

  isVisible(entityType: EntityType): boolean {
    return this.reads(entityType).anywhere.size > 0 || this.writes(entityType).anywhere.size > 0;
  }

  #isAllowedOn(action: 'SEE_JOBS' | 'CANCEL_JOBS', owner: string | null): boolean {
    const concerns = ({ createdBy }: Rule): boolean => !createdBy || (owner !== null && matcher(createdBy)(owner));
    return this.#decide(action, concerns).length > 0;
  }

  /** The rules that allow an action on what `concerns` says; none if a rule denies it. */
  #decide(action: Action, concerns: (rule: Rule) => boolean): readonly Rule[] {
    const about = (rules: readonly Rule[]): Rule[] => rules.filter(concerns);
    const denying = this.rules.filter(({ deny }) => deny?.includes(action));
    if (about(denying).length > 0) return [];
    return about(this.rules.filter(({ allow }) => allow?.includes(action)));
  }

  #features(
    known: WeakMap<EntityType, FeatureAccess>,
    action: 'READ' | 'WRITE',
    entityType: EntityType,
  ): FeatureAccess {
    let access = known.get(entityType);
    if (!access) known.set(entityType, (access = this.#compile(action, entityType)));
    return access;
  }

  #compile(action: 'READ' | 'WRITE', entityType: EntityType): FeatureAccess {
    const rules = this.rules.flatMap((rule): FeatureRule[] => {
      const effect = rule.allow?.includes(action) ? 'ALLOW' : rule.deny?.includes(action) ? 'DENY' : null;
      if (effect === null || !isAbout(rule, entityType)) return [];
      const entityIds = rule.entityIds ? entityIdMatcher(rule.entityIds, this.principal) : null;
      return [{ effect, features: new Set(this.#selectNow(rule, entityType)), entityIds }];
    });
    return new FeatureAccess(entityType, rules);
  }

  /**
   * A subscription keeps the objects of the registry that it began with. A feature can have become personal since then, or
   * another name, by which the policy now knows it: its counterpart of today decides, and without one no rule is about it.
   */
  #selectNow(rule: Rule, entityType: EntityType): EntityType['features'] {
    if (!this.registry) return selectFeatures(rule, entityType);
    const now = this.registry
      .findFeaturestore(entityType.featurestore.name)
      ?.entityTypes.find(({ name }) => name === entityType.name);
    if (!now || now === entityType) return now ? selectFeatures(rule, now) : [];
    const names = new Set(selectFeatures(rule, now).map(({ name }) => name));
    return entityType.features.filter(({ name }) => names.has(name));
  }
}

/** Whether a rule concerns entities of a type. */
export function isAbout({ featurestores, entityTypes }: Rule, { name, featurestore }: EntityType): boolean {
  return matcher(featurestores)(featurestore.name) && matcher(entityTypes)(name);
}

/** The features of an entity type that a rule concerns. */
export function selectFeatures({ features, sensitivity }: Rule, entityType: EntityType): EntityType['features'] {
  const isNamed: Matches = matcher(features);
  return entityType.features.filter(
    (feature) => isNamed(feature.name) && (sensitivity?.includes(feature.sensitivity) ?? true),
  );
}

function toPermission(rules: readonly Rule[]): JobPermission {
  if (rules.length === 0) return DENIED;
  const limits = rules.map(({ maxCostUsd }) => maxCostUsd ?? Infinity);
  const highest = Math.max(...limits);
  return { isAllowed: true, maxCostUsd: highest === Infinity ? null : highest };
}
