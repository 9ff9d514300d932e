import type { ApolloServerPlugin } from '@apollo/server';
import type { ServerContext } from './execution-plugin.js';
import type { ReportOperation } from './report-operation.js';

/** Reports the operations that Apollo answers. */
export function reportPlugin(report: ReportOperation): ApolloServerPlugin<ServerContext> {
  return {
    requestDidStart: async () => {
      const startedAt = performance.now();
      return {
        willSendResponse: async ({ operation, operationName, request, contextValue, response: { body } }) => {
          const { errors, data } = body.kind === 'single' ? body.singleResult : {};
          report({
            type: operation?.operation ?? 'none',
            name: operationName ?? request.operationName,
            principal: contextValue.principal.kind,
            startedAt,
            errors,
            hasData: Boolean(data),
          });
        },
      };
    },
  };
}
