/** Hive Gateway for a supergraph. `onSent` receives the requests that it sends to subgraphs. */
export function startHiveGateway(
  supergraph: string,
  onSent: (url: string, body: unknown) => void,
): {
  ask(query: string): Promise<any>;
  close(): Promise<void>;
};
