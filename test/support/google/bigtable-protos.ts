import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { join } from 'node:path';
import { projectRoot } from '../../../config/project-root.js';

/** How messages of values are written on the wire. By the client's own protos, so it is what a server reads. */
export function bigtableData(): ServiceDefinition {
  return loadService('google/bigtable/v2/bigtable.proto', 'google.bigtable.v2.Bigtable');
}

export function bigtableInstanceAdmin(): ServiceDefinition {
  const name = 'google.bigtable.admin.v2.BigtableInstanceAdmin';
  return loadService('google/bigtable/admin/v2/bigtable_instance_admin.proto', name);
}

function loadService(proto: string, name: string): ServiceDefinition {
  const includeDirs = ['@google-cloud/bigtable-api', 'google-gax'].map((folder) =>
    join(projectRoot, 'node_modules', folder, 'build/protos'),
  );
  return loadSync(proto, { includeDirs, longs: String, enums: String })[name] as ServiceDefinition;
}
