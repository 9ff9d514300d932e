import { setTimeout as pause } from 'node:timers/promises';
import type { VersionedRows } from '../../google/bigtable/versioned-rows.js';
import { ROWS } from './row-keys.js';

export interface GatewayHeartbeatsOptions {
  /** Its calls take less than `heartbeatDeadlineMs` of the lease. */
  readonly rows: VersionedRows;
  /** For the first calls, which take longer: they open the connection. */
  readonly firstRows: VersionedRows;
  /** The unique name of this process. */
  readonly id: string;
  /** A gateway whose heartbeat did not change for this time counts as stopped. */
  readonly leaseMs: number;
  /** This process could not write its heartbeat: others may take what it holds. It is called again while this lasts. */
  readonly onDoubt: () => void;
}

interface Heartbeat {
  readonly content: string;
  /** When this process first saw it, on its own clock that never goes back. */
  readonly seenAt: number;
}

const COLUMN = 'heartbeat';

/** How long one call of this class may take: some fail before a lease has expired. */
export function heartbeatDeadlineMs(leaseMs: number): number {
  return leaseMs / 3;
}

/** A process gives up what it holds before others may take it. */
const DOUBT_SHARE = 0.7;
const HEARTBEATS_PER_LEASE = 6;
const CHECKS_PER_LEASE = 20;
/** The row of a gateway that stopped without leaving is removed after this number of leases. */
const LEASES_KEPT = 20;

/**
 * Which gateways run. Each writes a heartbeat, a number that grows, several times a lease. A gateway counts as stopped when
 * another one has read its heartbeat for a whole lease and it did not change. So no clocks of two machines are ever
 * compared: a wrong clock takes no job from its owner.
 *
 * A gateway that was only paused may count as stopped. This is why it cannot write afterwards: each of its jobs that
 * another gateway took has another token by then (bigtable-job-store.ts).
 */
export class GatewayHeartbeats {
  readonly #options: GatewayHeartbeatsOptions;
  readonly #heartbeats = new Map<string, Heartbeat>();
  readonly #left = new AbortController();
  #count = 0;
  #shownAt = 0;
  #running: Promise<void> = Promise.resolve();
  #watchdog: NodeJS.Timeout | undefined;

  private constructor(options: GatewayHeartbeatsOptions) {
    this.#options = options;
  }

  /** Resolves when the others can read that this process runs. */
  static async join(options: GatewayHeartbeatsOptions): Promise<GatewayHeartbeats> {
    const gateways = new GatewayHeartbeats(options);
    await gateways.#show(options.firstRows);
    await gateways.#look(options.firstRows);
    gateways.#running = gateways.#repeat();
    // Beside the calls, each of which may take a while to fail.
    gateways.#watchdog = setInterval(() => gateways.#checkOwnHeartbeat(), options.leaseMs / CHECKS_PER_LEASE).unref();
    return gateways;
  }

  get id(): string {
    return this.#options.id;
  }

  /** Whether this process must assume that others count it as stopped. */
  get isInDoubt(): boolean {
    return performance.now() - this.#shownAt > this.#options.leaseMs * DOUBT_SHARE;
  }

  async isAlive(id: string): Promise<boolean> {
    if (id === this.id) return true;
    // A gateway that this process has not seen may have joined since; one that left has no row.
    if (!this.#heartbeats.has(id)) await this.#look();
    const heartbeat = this.#heartbeats.get(id);
    return heartbeat !== undefined && performance.now() - heartbeat.seenAt <= this.#options.leaseMs;
  }

  /** Removes the heartbeat, so that others need not wait for a lease to take over. */
  async leave(): Promise<void> {
    this.#left.abort();
    clearInterval(this.#watchdog);
    await this.#running;
    await this.#options.rows.remove(ROWS.toGateway(this.id));
  }

  #checkOwnHeartbeat(): void {
    if (this.isInDoubt) this.#options.onDoubt();
  }

  async #repeat(): Promise<void> {
    const options = { signal: this.#left.signal, ref: false };
    while (await pause(this.#options.leaseMs / HEARTBEATS_PER_LEASE, true, options).catch(() => false)) {
      // The next turn repeats what fails.
      await this.#show().catch(() => undefined);
      await this.#look().catch(() => undefined);
    }
  }

  async #show(rows = this.#options.rows): Promise<void> {
    const before = performance.now();
    await rows.put(ROWS.toGateway(this.id), { [COLUMN]: String((this.#count += 1)) });
    this.#shownAt = before;
  }

  async #look(rows = this.#options.rows): Promise<void> {
    const found = new Map(await rows.scan({ prefix: ROWS.gateway }));
    const now = performance.now();
    const ids = new Set<string>();
    for (const [key, columns] of found) {
      const id = key.slice(ROWS.gateway.length);
      const content = columns.get(COLUMN) ?? '';
      ids.add(id);
      const known = this.#heartbeats.get(id);
      if (known?.content !== content) this.#heartbeats.set(id, { content, seenAt: now });
      else if (now - known.seenAt > this.#options.leaseMs * LEASES_KEPT) {
        await rows.remove(key, { name: COLUMN, content });
      }
    }
    for (const id of this.#heartbeats.keys()) if (!ids.has(id)) this.#heartbeats.delete(id);
  }
}
