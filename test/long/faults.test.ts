// Every errno of every call of the addon that fails once: at the first, the second and a later call.
import { closeClients } from '../helpers/clients.js';
import { compileShim, runFault } from '../helpers/fault-programs.js';
import { faultName, faults } from '../helpers/fault-table.js';
import { removeFiles } from '../helpers/files.js';
import { closePeers } from '../helpers/peers.js';
import { available, stopAll } from '../helpers/run.js';

const canCompile = process.platform === 'linux' && available('cc');
const testWithShim = canCompile ? test : test.skip;
const LATEST = 12;

afterEach(async () => {
  closeClients();
  closePeers();
  await stopAll();
});

afterAll(removeFiles);

testWithShim(
  'each of them is reported or made good, and nothing hangs, spins, leaks or is lost unsaid',
  async () => {
    const library = compileShim();
    const later = 3 + Math.floor(Math.random() * (LATEST - 2));
    console.info(`the later call is number ${later}`);
    const table: string[] = [];
    const wrong: string[] = [];
    for (const fault of faults(1, 2, later)) {
      try {
        table.push(`${faultName(fault)}: ${await runFault(library, fault)}`);
      } catch (error) {
        wrong.push(`${faultName(fault)}: ${(error as Error).message}`);
      }
      closeClients();
      closePeers();
      await stopAll();
    }
    console.info(table.join('\n'));
    expect(wrong).toEqual([]);
  },
  3_600_000,
);
