// A library that is loaded before the C library makes one call of the addon fail. Whatever fails,
// there is no crash, no hang, no silent loss, no leak and no busy loop; the table that is printed
// says what there is instead. All errnos of all calls: test/long/faults.test.ts.
import { closeClients } from './helpers/clients.js';
import { compileShim, runFault, runLasting } from './helpers/fault-programs.js';
import { faultName, lastingFaults, someFaults, type Fault } from './helpers/fault-table.js';
import { removeFiles } from './helpers/files.js';
import { closePeers } from './helpers/peers.js';
import { available, stopAll } from './helpers/run.js';

const canCompile = process.platform === 'linux' && available('cc');
const testWithShim = canCompile ? test : test.skip;
const table: string[] = [];
let library = '';

beforeAll(() => {
  if (canCompile) library = compileShim();
});

afterEach(async () => {
  closeClients();
  closePeers();
  await stopAll();
});

afterAll(() => {
  console.info(table.join('\n'));
  removeFiles();
});

const named = (faults: Fault[]) => faults.map((fault) => [faultName(fault), fault] as const);

testWithShim.each(named(someFaults()))('%s', async (name, fault) => {
  table.push(`${name}: ${await runFault(library, fault)}`);
});

testWithShim.each(named(lastingFaults()))('%s', async (name, fault) => {
  table.push(`${name}: ${await runLasting(library, fault)}`);
});
