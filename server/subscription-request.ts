import type { Principal } from '../auth/principal.js';
import type { Slots } from '../runtime/slots.js';

/** A subscription from any transport, before any check. */
export interface SubscriptionRequest {
  /** Absent if it names a trusted document. */
  readonly query: string | undefined;
  /** As it came, and checked with the trusted documents. */
  readonly documentId: unknown;
  readonly extensions: unknown;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown> | undefined;
  /** The request id in its errors, log lines and events. */
  readonly requestId: string;
  /** Where it comes from, for a fair order of large events. */
  readonly owner: string;
  /** Who asks. */
  readonly principal: Principal;
  /** The events of its connection that are made and not sent yet take slots of this. Absent: it is alone on its connection. */
  readonly eventSlots?: Slots | undefined;
}
