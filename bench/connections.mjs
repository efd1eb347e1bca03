// How many short connections a server serves in a second: 12 bytes each, 8 in flight, the server on
// one core and the load generator (c/connections.c) on another.
//
// Both servers of a row live through all its rounds and are loaded in turn, after a warm-up that is
// not counted. The processor time of server and generator is printed beside the rate: a generator
// that is busy all the time sets the pace itself, and then the rates of two servers lie closer
// together than the servers do.
import fs from 'node:fs';
import path from 'node:path';
import { pinned, twoCores } from './cores.mjs';
import { freePort, listening, start, stop, within } from './processes.mjs';
import { scratchDirectory } from './scratch.mjs';
import { compare, printComparison, printHeading } from './stats.mjs';

const MESSAGE_BYTES = 12;
const IN_FLIGHT = 8;
const PER_ROUND = 4000;
const WARM_UP = 4000;
const TICKS_PER_SECOND = 100; // USER_HZ, the unit of /proc/PID/stat, is 100 on all of Linux.

/** Processor seconds of a process so far, threads that have ended included. */
function cpuSeconds(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** A running server that can be put under load, and remembers how much it had. */
async function launch(contestant, cores, outputFile, generator) {
  const output = fs.openSync(outputFile, 'w');
  const port = await freePort();
  const server = start(pinned(cores.server, contestant.server(port)), ['ignore', output, 'pipe']);
  await listening(port, server, contestant.name);
  let served = 0;

  // A closed connection keeps its pair of addresses for a minute. A new address of the loopback
  // network for each load keeps the search for a free pair as short as in the first.
  const load = async (count, lastOctet) => {
    const target = [`127.0.0.${lastOctet}`, String(port), String(count), String(IN_FLIGHT)];
    const before = cpuSeconds(server.pid);
    const client = start(pinned(cores.generator, [generator, ...target]), [
      'ignore',
      'pipe',
      'pipe',
    ]);
    let text = '';
    client.stdout.on('data', (chunk) => (text += chunk));
    const closed = new Promise((resolve) => client.on('close', resolve));
    const { code } = await within(60_000, contestant.name, client.ended);
    await closed;
    if (code !== 0) throw new Error(`the load on ${contestant.name}: ${client.complaints()}`);
    served += count;
    return { ...JSON.parse(text), serverCpuSeconds: cpuSeconds(server.pid) - before };
  };
  const end = async () => {
    await within(10_000, `the end of ${contestant.name}`, stop(server));
    const { size } = fs.fstatSync(output);
    fs.closeSync(output);
    if (size !== served * MESSAGE_BYTES) {
      throw new Error(`${contestant.name} printed ${size} bytes of ${served * MESSAGE_BYTES}`);
    }
  };
  return { load, end };
}

const total = (loads, key) => loads.reduce((sum, load) => sum + load[key], 0);

function usage(name, loads) {
  const each = (seconds) => Number(((seconds / total(loads, 'connections')) * 1e6).toFixed(1));
  return {
    name,
    serverMicroseconds: each(total(loads, 'serverCpuSeconds')),
    generatorMicroseconds: each(total(loads, 'cpuSeconds')),
    generatorBusy: Number((total(loads, 'cpuSeconds') / total(loads, 'seconds')).toFixed(2)),
  };
}

function printUsage({ name, serverMicroseconds, generatorMicroseconds, generatorBusy }) {
  console.log(
    `    ${name}: ${serverMicroseconds} us of processor time for each connection; ` +
      `generator ${generatorMicroseconds} us, busy ${Math.round(generatorBusy * 100)} %`,
  );
}

async function compareWith(peer, { subject, scratch, cores, generator, rounds }) {
  const file = (name) => path.join(scratch, name);
  const ours = await launch(subject, cores, file('subject'), generator);
  const theirs = await launch(peer, cores, file('peer'), generator);
  await ours.load(WARM_UP, 1);
  await theirs.load(WARM_UP, 1);
  const loads = [];
  for (let round = 0; round < rounds; round++) {
    loads.push({
      subject: await ours.load(PER_ROUND, 2 + round),
      peer: await theirs.load(PER_ROUND, 2 + round),
    });
  }
  await ours.end();
  await theirs.end();
  const result = compare(
    loads.map((load) => ({
      subject: load.subject.connectionsPerSecond,
      peer: load.peer.connectionsPerSecond,
    })),
  );
  const cpu = [
    usage(
      subject.name,
      loads.map((load) => load.subject),
    ),
    usage(
      peer.name,
      loads.map((load) => load.peer),
    ),
  ];
  return { peer: peer.name, must: peer.must, aim: peer.aim, ...result, cpu };
}

export async function run({ subject, peers, programs, rounds }) {
  const cores = twoCores('connections');
  const { directory: scratch } = scratchDirectory(0);

  console.log(
    `Connections: ${PER_ROUND} a round, ${MESSAGE_BYTES} bytes each, ${IN_FLIGHT} in flight; ` +
      `server on core ${cores.server}, generator on core ${cores.generator};\n` +
      `medians of ${rounds} rounds, the two of each row in turn`,
  );
  for (const { name, buffers } of [subject, ...peers]) console.log(`  ${name}: ${buffers}`);
  printHeading('subject', '1/s');
  const results = [];
  const context = { subject, scratch, cores, generator: programs.connections, rounds };
  for (const peer of peers) {
    const result = await compareWith(peer, context);
    printComparison(peer, result, 0);
    result.cpu.forEach(printUsage);
    results.push(result);
  }
  const buffers = Object.fromEntries([subject, ...peers].map((one) => [one.name, one.buffers]));
  return { subject: subject.name, unit: 'connections/s', cores, buffers, results };
}
