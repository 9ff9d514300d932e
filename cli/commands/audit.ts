import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { AuditChain, type ChainPosition } from '../../auth/audit/audit-chain.js';
import { readAuditKey } from '../../auth/audit/audit-files.js';
import { verifyAudit } from '../../auth/audit/verify-audit.js';
import { auditKeyPath } from '../../composition/open-audit.js';
import { loadConfig } from '../../config/load-config.js';
import { OperatorError } from '../../errors/operator-error.js';

interface LogOptions {
  readonly key?: string;
}

interface VerifyOptions extends LogOptions {
  readonly begin?: string;
  readonly contains?: string;
}

export function auditCommand(write: (text: string) => void): Command {
  const audit = new Command('audit').description('Check and search the audit log of a gateway (docs/audit.md).');
  audit
    .command('verify')
    .description('Check that no line of the log was changed, removed or moved. Exit code 1 if one was.')
    .argument('[folder]', 'the folder of the log; FEATUREGRAPH_AUDIT_FOLDER names it if not given')
    .option('--key <file>', 'the file of its key; FEATUREGRAPH_AUDIT_KEY_FILE names it if not given')
    .option('--begin <position>', 'the end that an earlier check printed, where the files before it are archived')
    .option('--contains <position>', 'an end that an earlier check printed: the log must have it still')
    .action(async (given: string | undefined, options: VerifyOptions) => {
      const { folder, chain } = await openLog(given, options);
      const { begin, contains } = options;
      const found = await verifyAudit(folder, chain, {
        ...(begin === undefined ? {} : { begin: parsePosition(begin, '--begin') }),
        ...(contains === undefined ? {} : { contains: parsePosition(contains, '--contains') }),
      });
      for (const { kind, file, line, message } of found.faults) write(`${kind.padEnd(8)} ${file}:${line} ${message}\n`);
      const { faultCount, files, lines, end } = found;
      write(
        `${faultCount === 0 ? 'No faults' : `${faultCount} fault${faultCount === 1 ? '' : 's'}`} in ${lines} lines of ${files} files.\n`,
      );
      write(`end: ${end.seq}:${end.hash}\n`);
      if (faultCount > 0) process.exitCode = 1;
    });
  audit
    .command('hash')
    .description('Print the hash that an entity id has in the log, to search for it.')
    .argument('<entityType>', 'the entity type, as featurestore.entityType')
    .argument('<entityId>', 'the entity id')
    .option('--folder <folder>', 'the folder of the log; FEATUREGRAPH_AUDIT_FOLDER names it if not given')
    .option('--key <file>', 'the file of its key; FEATUREGRAPH_AUDIT_KEY_FILE names it if not given')
    .action(async (entityType: string, entityId: string, options: LogOptions & { readonly folder?: string }) => {
      const { chain } = await openLog(options.folder, options);
      write(`${chain.hashId(entityType, entityId)}\n`);
    });
  audit
    .command('hash-document')
    .description('Print the hash that the text of a GraphQL document has in the log, to search for refused operations.')
    .argument('<file>', 'a file with the text, byte for byte as clients send it in "query"')
    .option('--folder <folder>', 'the folder of the log; FEATUREGRAPH_AUDIT_FOLDER names it if not given')
    .option('--key <file>', 'the file of its key; FEATUREGRAPH_AUDIT_KEY_FILE names it if not given')
    .action(async (file: string, options: LogOptions & { readonly folder?: string }) => {
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw new OperatorError(`The file ${file} cannot be read.`, [], { cause });
      });
      const { chain } = await openLog(options.folder, options);
      write(`${chain.hashDocument(text)}\n`);
    });
  return audit;
}

async function openLog(given: string | undefined, { key }: LogOptions) {
  const { auditFolder, auditKeyFile } = loadConfig();
  const folder = given ?? auditFolder;
  if (folder === null) throw new OperatorError('Name the folder of the audit log, or set FEATUREGRAPH_AUDIT_FOLDER.');
  return { folder, chain: new AuditChain(await readAuditKey(auditKeyPath(folder, key ?? auditKeyFile))) };
}

function parsePosition(text: string, option: string): ChainPosition {
  const found = /^(\d{1,15}):([\w-]{43})$/.exec(text);
  if (!found)
    throw new OperatorError(`${option} is what an earlier check printed as "end": a number, a colon and a hash.`);
  return { seq: Number(found[1]), hash: found[2]! };
}
