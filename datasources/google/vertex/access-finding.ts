import { toErrorMessage } from '../../../errors/error-message.js';
import type { Finding } from '../../diagnosis.js';
import { GRPC_STATUS, readGrpcCode } from '../grpc-status.js';

/** doctor's finding when a resource cannot be read: the reason, as far as the status tells it, and the remedy. */
export function accessFinding(what: string, role: string, error: unknown): Finding {
  switch (readGrpcCode(error)) {
    case GRPC_STATUS.NOT_FOUND:
      return {
        status: 'fault',
        message: `there is no ${what}`,
        remedy: 'Look at its name and region in the registry.',
      };
    case GRPC_STATUS.PERMISSION_DENIED:
      return {
        status: 'fault',
        message: `not allowed to see ${what}`,
        remedy: `Grant ${role} to the gateway’s account.`,
      };
    default:
      return {
        status: 'fault',
        message: `cannot look at ${what}: ${toErrorMessage(error)}`,
        remedy: 'Look at the credentials, the network, and whether the Vertex AI API is enabled in the project.',
      };
  }
}
