import type { ApolloServerPlugin } from '@apollo/server';
import type { Logger } from '../observability/logger.js';
import type { ServerContext } from './execution-plugin.js';

/** Clients choose the names of operations, so a log line cuts a name at this length. */
const MAX_NAME_LENGTH = 100;

/**
 * Logs the operation and the codes of its errors, under the request id: the line of the request itself has status 200,
 * and a client's report may have few details. It logs codes only, because messages repeat client input.
 */
export function errorLogPlugin(logger: Logger): ApolloServerPlugin<ServerContext> {
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ response, request, operationName }) => {
        if (response.body.kind !== 'single') return;
        const { errors } = response.body.singleResult;
        if (!errors) return;
        const codes = [...new Set(errors.map(({ extensions }) => extensions?.code))];
        const operation = (operationName ?? request.operationName)?.slice(0, MAX_NAME_LENGTH);
        logger.warn({ operation, codes, errors: errors.length }, 'answered with errors');
      },
    }),
  };
}
