import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import { AppError } from '../../errors/app-error.js';
import type { Principal } from '../principal.js';
import type { AuditLog } from './audit-log.js';
import type { AuditedAccess, AuditedOperation } from './audit-record.js';

/** An entity that a store was asked for. */
interface ReadEntity {
  readonly entityId: string;
  readonly asOf: Instant | null;
}

/** An operation that is about to be recorded. */
export type EndedOperation = Omit<AuditedOperation, 'requestId' | 'principal' | 'accesses'>;

/** Different points in time of one operation that its line names. */
const MAX_TIMES = 10;

/** Collects what one operation accessed, until its end. Without an audit log nothing is collected. */
export interface AuditTrail {
  /** A read of a store; `entities` are kept until they are written. */
  read(entityType: EntityType, entities: readonly ReadEntity[], features: readonly Feature[]): void;
  /** A feature that the principal may not read of an entity. */
  denied(entityType: EntityType, entityId: string, features: readonly Feature[]): void;
  add(access: AuditedAccess): void;
  /** Does work that is one access, and notes how it ended. `describe` adds what only its result tells. */
  run<Result>(
    access: Omit<AuditedAccess, 'decision'>,
    work: () => Promise<Result>,
    describe?: (result: Result) => Partial<AuditedAccess>,
  ): Promise<Result>;
  /** Records the operation. Later calls do nothing. */
  end(operation: EndedOperation): void;
  /** The same for an event of a stream, if it accessed anything: the stream itself is recorded when it begins. */
  endEvent(operation: EndedOperation): void;
}

export const NO_AUDIT_TRAIL: AuditTrail = {
  read: () => undefined,
  denied: () => undefined,
  add: () => undefined,
  run: (_access, work) => work(),
  end: () => undefined,
  endEvent: () => undefined,
};

export function auditTrail(log: AuditLog | null, requestId: string, principal: Principal): AuditTrail {
  return log ? new LoggedTrail(log, requestId, principal) : NO_AUDIT_TRAIL;
}

interface DeniedReads {
  readonly entityIds: Set<string>;
  /** The lists of what was denied: most operations have one for all their entities. */
  readonly lists: Set<readonly Feature[]>;
}

class LoggedTrail implements AuditTrail {
  readonly #accesses: AuditedAccess[] = [];
  readonly #denied = new Map<EntityType, DeniedReads>();
  #hasEnded = false;

  constructor(
    private readonly log: AuditLog,
    private readonly requestId: string,
    private readonly principal: Principal,
  ) {}

  read(entityType: EntityType, entities: readonly ReadEntity[], features: readonly Feature[]): void {
    const asOf = timesOf(entities);
    this.#accesses.push({
      action: 'READ',
      decision: 'ALLOWED',
      entityType: nameOf(entityType),
      features: namesOf(features),
      entityIds: entities.map(({ entityId }) => entityId),
      ...(asOf ? { asOf } : {}),
      rows: entities.length,
    });
  }

  denied(entityType: EntityType, entityId: string, features: readonly Feature[]): void {
    let reads = this.#denied.get(entityType);
    if (!reads) this.#denied.set(entityType, (reads = { entityIds: new Set(), lists: new Set() }));
    reads.entityIds.add(entityId);
    reads.lists.add(features);
  }

  add(access: AuditedAccess): void {
    this.#accesses.push(access);
  }

  async run<Result>(
    access: Omit<AuditedAccess, 'decision'>,
    work: () => Promise<Result>,
    describe?: (result: Result) => Partial<AuditedAccess>,
  ): Promise<Result> {
    try {
      const result = await work();
      this.add({ ...access, decision: 'ALLOWED', ...describe?.(result) });
      return result;
    } catch (error) {
      this.add({ ...access, decision: decisionOf(error) });
      throw error;
    }
  }

  endEvent(operation: EndedOperation): void {
    if (this.#accesses.length > 0 || this.#denied.size > 0) this.end(operation);
  }

  end(operation: EndedOperation): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const denied = [...this.#denied].map(([entityType, { entityIds, lists }]): AuditedAccess => ({
      action: 'READ',
      decision: 'DENIED',
      entityType: nameOf(entityType),
      features: lists.size === 1 ? namesOf([...lists][0]!) : distinctNames(lists),
      entityIds: [...entityIds],
    }));
    const accesses = [...this.#accesses, ...denied];
    this.log.record({ requestId: this.requestId, principal: this.principal.name, ...operation, accesses });
  }
}

/** Requests ask for the same lists. */
const knownNames = new WeakMap<readonly Feature[], readonly string[]>();

function namesOf(features: readonly Feature[]): readonly string[] {
  let names = knownNames.get(features);
  if (!names) knownNames.set(features, (names = features.map(({ name }) => name)));
  return names;
}

function distinctNames(lists: Iterable<readonly Feature[]>): string[] {
  return [...new Set([...lists].flatMap((features) => features.map(({ name }) => name)))];
}

/** undefined: all are read as of now. */
function timesOf(entities: readonly ReadEntity[]): string[] | undefined {
  let times: Set<Instant> | undefined;
  for (const { asOf } of entities) {
    if (asOf === null || (times && times.size >= MAX_TIMES)) continue;
    times = (times ?? new Set()).add(asOf);
  }
  return times && [...times].map(formatInstant);
}

/** Another's job does not exist: an access to it is DENIED or a mistake, which the log cannot tell apart either. */
function decisionOf(error: unknown): AuditedAccess['decision'] {
  return error instanceof AppError && ['PERMISSION_DENIED', 'JOB_NOT_FOUND'].includes(error.code) ? 'DENIED' : 'FAILED';
}

export function nameOf({ featurestore, name }: EntityType): string {
  return `${featurestore.name}.${name}`;
}
