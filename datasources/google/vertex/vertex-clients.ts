import type { v1, v1beta1 } from '@google-cloud/aiplatform';

export type ClientOptions = NonNullable<ConstructorParameters<typeof v1.FeatureOnlineStoreServiceClient>[0]>;

interface Client {
  initialize(): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * The clients of Vertex AI in one region, each created at its first use. The whole package costs 1.5 s and 200 MB to
 * load, one service by its own path a third of that, and a gateway without Vertex AI loads nothing.
 */
export class VertexClients {
  readonly #options: ClientOptions;
  readonly #opened = new Map<string, Promise<Client>>();

  /**
   * The endpoint is that of the region. By default the clients would use the global one, which rejects regional
   * resources. `options` is for tests: the address of their server.
   */
  constructor(location: string, options: ClientOptions = {}) {
    this.#options = { apiEndpoint: `${location}-aiplatform.googleapis.com`, ...options };
  }

  featureViews(): Promise<v1.FeatureOnlineStoreServiceClient> {
    return this.#open('featureViews', async () => {
      const { FeatureOnlineStoreServiceClient } =
        await import('@google-cloud/aiplatform/build/src/v1/feature_online_store_service_client.js');
      return new FeatureOnlineStoreServiceClient(this.#options);
    });
  }

  /** Preview: only this version reads many entities by one call. */
  featureViewsPreview(): Promise<v1beta1.FeatureOnlineStoreServiceClient> {
    return this.#open('featureViewsPreview', async () => {
      const { FeatureOnlineStoreServiceClient } =
        await import('@google-cloud/aiplatform/build/src/v1beta1/feature_online_store_service_client.js');
      return new FeatureOnlineStoreServiceClient(this.#options);
    });
  }

  featureOnlineStores(): Promise<v1.FeatureOnlineStoreAdminServiceClient> {
    return this.#open('featureOnlineStores', async () => {
      const { FeatureOnlineStoreAdminServiceClient } =
        await import('@google-cloud/aiplatform/build/src/v1/feature_online_store_admin_service_client.js');
      return new FeatureOnlineStoreAdminServiceClient(this.#options);
    });
  }

  featureGroups(): Promise<v1.FeatureRegistryServiceClient> {
    return this.#open('featureGroups', async () => {
      const { FeatureRegistryServiceClient } =
        await import('@google-cloud/aiplatform/build/src/v1/feature_registry_service_client.js');
      return new FeatureRegistryServiceClient(this.#options);
    });
  }

  legacyFeaturestores(): Promise<v1.FeaturestoreServiceClient> {
    return this.#open('legacyFeaturestores', async () => {
      const { FeaturestoreServiceClient } =
        await import('@google-cloud/aiplatform/build/src/v1/featurestore_service_client.js');
      return new FeaturestoreServiceClient(this.#options);
    });
  }

  legacyValues(): Promise<v1.FeaturestoreOnlineServingServiceClient> {
    return this.#open('legacyValues', async () => {
      const { FeaturestoreOnlineServingServiceClient } =
        await import('@google-cloud/aiplatform/build/src/v1/featurestore_online_serving_service_client.js');
      return new FeaturestoreOnlineServingServiceClient(this.#options);
    });
  }

  jobs(): Promise<v1.JobServiceClient> {
    return this.#open('jobs', async () => {
      const { JobServiceClient } = await import('@google-cloud/aiplatform/build/src/v1/job_service_client.js');
      return new JobServiceClient(this.#options);
    });
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values());
    this.#opened.clear();
    await Promise.all(opened.filter((client) => client.status === 'fulfilled').map((client) => client.value.close()));
  }

  #open<T extends Client>(service: string, make: () => Promise<T>): Promise<T> {
    const known = this.#opened.get(service) as Promise<T> | undefined;
    if (known) return known;
    const client = this.#ready(service, make);
    this.#opened.set(service, client);
    return client;
  }

  /**
   * A client that has found its credentials. Otherwise a client without credentials would, at its first call, reject a
   * promise that no code handles, which ends the process. A failed client is not cached, because credentials may appear
   * later.
   */
  async #ready<T extends Client>(service: string, make: () => Promise<T>): Promise<T> {
    try {
      const client = await make();
      await client.initialize();
      return client;
    } catch (error) {
      this.#opened.delete(service);
      throw error;
    }
  }
}
