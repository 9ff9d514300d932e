import type { Principal } from '../principal.js';
import { RuledAccess, UnrestrictedAccess, type Access, type CurrentRegistry } from './access.js';
import type { PolicyDocument } from './policy-document.js';

/**
 * Principals whose access is kept. A gateway in front of more distinct users than this compiles some again: a few
 * microseconds for a rule.
 */
const MAX_KEPT = 1_000;

const UNRESTRICTED = new UnrestrictedAccess();

/**
 * Who may do what: the one place that all transports and services ask. It answers for the objects of an earlier registry by
 * their names in the current one, so that a subscription that began with it follows a changed policy or sensitivity at once.
 */
export class Policy {
  #document: PolicyDocument | null;
  #registry: CurrentRegistry | undefined;
  /** By principal; the least recently used first. */
  #kept = new Map<string, Access>();
  #byObject = new WeakMap<Principal, Access>();

  /** null: no policy is configured, and everything is allowed. */
  constructor(document: PolicyDocument | null = null, registry?: CurrentRegistry) {
    this.#document = document;
    this.#registry = registry;
  }

  get isConfigured(): boolean {
    return this.#document !== null;
  }

  /** From now on another document counts, with another registry if there is one, also for running subscriptions. */
  replace(document: PolicyDocument | null, registry = this.#registry): void {
    this.#document = document;
    this.#registry = registry;
    this.#kept = new Map();
    this.#byObject = new WeakMap();
  }

  accessOf(principal: Principal): Access {
    if (!this.#document) return UNRESTRICTED;
    const known = this.#byObject.get(principal);
    if (known) return known;
    const access = this.#find(this.#document, principal);
    this.#byObject.set(principal, access);
    return access;
  }

  #find(document: PolicyDocument, principal: Principal): Access {
    const { name, kind, groups, claims } = principal;
    const key = JSON.stringify([name, kind, groups, [...claims]]);
    const access = this.#kept.get(key) ?? new RuledAccess(document, principal, this.#registry);
    this.#kept.delete(key);
    this.#kept.set(key, access);
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return access;
  }
}
