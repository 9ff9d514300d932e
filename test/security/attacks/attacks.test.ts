import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRANSPORTS, type Attack, type Transport } from './attack.js';
import { startAttackedGateway } from './attacked-gateway.js';
import { CONNECTION_ATTACKS } from './connection-attacks.js';
import { DOCUMENT_ATTACKS } from './document-attacks.js';
import { NAME_ATTACKS } from './name-attacks.js';
import { REQUEST_ATTACKS } from './request-attacks.js';
import { TENANT_ATTACKS } from './tenant-attacks.js';

const root = join(import.meta.dirname, '../../..');
const ATTACKS: readonly Attack[] = [
  ...DOCUMENT_ATTACKS,
  ...REQUEST_ATTACKS,
  ...TENANT_ATTACKS,
  ...NAME_ATTACKS,
  ...CONNECTION_ATTACKS,
];
const NAMES: Readonly<Record<Transport, string>> = {
  http: 'HTTP',
  webSocket: 'WebSocket',
  eventStream: 'event stream',
};

let gateway: Awaited<ReturnType<typeof startAttackedGateway>>;
beforeAll(async () => {
  gateway = await startAttackedGateway();
});
afterAll(() => gateway.close());

describe.each(TRANSPORTS)('over %s', (transport) => {
  for (const attack of ATTACKS) {
    const cell = attack[transport];
    if ('run' in cell) {
      it(`${attack.name}: ${cell.outcome}`, async () => {
        await cell.run(gateway, transport);
        // The attack left a gateway that answers.
        expect((await gateway.shop.ask('ann', '{ viewer { name } }')).data).toEqual({ viewer: { name: 'key:ann' } });
      });
    } else if ('file' in cell) {
      it(`${attack.name}: ${cell.outcome} (${cell.file})`, () => {
        expect(readFileSync(join(root, cell.file), 'utf8')).toContain(cell.test);
      });
    }
  }
});

it('the table of docs/security.md has each attack with its outcome over each transport, and no other', () => {
  const text = readFileSync(join(root, 'docs/security.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (.+) \|$/gm)]
    .map(([, row]) => row!.split(' | ').map((each) => each.trim()))
    .filter((row) => row.length === 4 && !/^-+$/.test(row[0]!));
  const outcomeOf = (attack: Attack, transport: Transport): string => {
    const cell = attack[transport];
    return 'notApplicable' in cell ? `not applicable: ${cell.notApplicable}` : cell.outcome;
  };
  expect(rows).toEqual([
    ['attack', ...TRANSPORTS.map((transport) => NAMES[transport])],
    ...ATTACKS.map((attack) => [attack.name, ...TRANSPORTS.map((transport) => outcomeOf(attack, transport))]),
  ]);
  const cells = ATTACKS.flatMap((attack) => TRANSPORTS.map((transport) => attack[transport]));
  const skipped = cells.filter((cell) => 'notApplicable' in cell).length;
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    `These are ${ATTACKS.length} attacks: ${cells.length - skipped} cells that are tested, and ${skipped} to which`,
  );
});
