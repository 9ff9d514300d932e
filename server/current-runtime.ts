import type { ApolloServer } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import type { Principal } from '../auth/principal.js';
import type { RequestContext } from '../resolvers/context.js';
import type { ArrowOptions } from './arrow/run-arrow.js';
import type { ServerContext } from './execution-plugin.js';
import type { HotLane } from './hot-lane/hot-lane.js';
import type { TrustedDocuments } from './trusted-documents/trusted-documents.js';

/** One schema with what answers it. */
export interface Runtime {
  readonly schema: GraphQLSchema;
  readonly apollo: ApolloServer<ServerContext>;
  /** Absent: every request goes through Apollo. */
  readonly hotLane?: HotLane | undefined;
  readonly trustedDocuments: TrustedDocuments;
  /** What answers Arrow streams. */
  readonly arrow: ArrowOptions;
  readonly createContext: (requestId: string, principal: Principal) => RequestContext;
}

/** A runtime that one request or one subscription uses until it releases it. */
export interface RuntimeLease {
  readonly runtime: Runtime;
  /** May be called several times. */
  readonly release: () => void;
}

interface Generation {
  readonly runtime: Runtime;
  leases: number;
  isRetired: boolean;
}

/**
 * The runtime that new requests get. After a replacement, running requests and subscriptions keep theirs to their end;
 * the last of them stops it.
 */
export class CurrentRuntime {
  #current: Generation;
  readonly #stopping = new Set<Promise<void>>();

  constructor(
    first: Runtime,
    /** A replaced runtime that did not stop. */
    private readonly onError: (error: unknown) => void = () => undefined,
  ) {
    this.#current = { runtime: first, leases: 0, isRetired: false };
  }

  get schema(): GraphQLSchema {
    return this.#current.runtime.schema;
  }

  acquire(): RuntimeLease {
    const generation = this.#current;
    generation.leases += 1;
    let isReleased = false;
    return {
      runtime: generation.runtime,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        generation.leases -= 1;
        this.#stopUnused(generation);
      },
    };
  }

  replace(next: Runtime): void {
    const before = this.#current;
    this.#current = { runtime: next, leases: 0, isRetired: false };
    before.isRetired = true;
    this.#stopUnused(before);
  }

  /** Stops the current runtime; call this after the last request. */
  async stop(): Promise<void> {
    await Promise.all(this.#stopping);
    await this.#current.runtime.apollo.stop();
  }

  #stopUnused({ runtime, leases, isRetired }: Generation): void {
    if (!isRetired || leases > 0) return;
    const stopped = runtime.apollo
      .stop()
      .catch(this.onError)
      .finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }
}
