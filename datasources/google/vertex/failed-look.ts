import type { Finding } from '../../diagnosis.js';
import { GRPC_STATUS, grpcCodeOf } from './call-policy.js';

/** What doctor says when something cannot be looked at: why, as far as the status tells, and what to do. */
export function failedLook(what: string, role: string, error: unknown): Finding {
  switch (grpcCodeOf(error)) {
    case GRPC_STATUS.NOT_FOUND:
      return { status: 'fault', what: `there is no ${what}`, todo: 'Look at its name and region in the registry.' };
    case GRPC_STATUS.PERMISSION_DENIED:
      return { status: 'fault', what: `not allowed to see ${what}`, todo: `Grant ${role} to the gateway’s account.` };
    default:
      return {
        status: 'fault',
        what: `cannot look at ${what}: ${error instanceof Error ? error.message : String(error)}`,
        todo: 'Look at the credentials, the network, and whether the Vertex AI API is enabled in the project.',
      };
  }
}
