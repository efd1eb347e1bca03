// The benchmarks: node bench/run.mjs [--help]. Linux only: it reads /proc and pins with taskset.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildPrograms } from './build.mjs';
import * as connections from './connections.mjs';
import * as datagrams from './datagrams.mjs';
import { machineFacts, printMachine } from './machine.mjs';
import { killAll } from './processes.mjs';
import {
  connectionServers,
  datagramPairs,
  echoServers,
  sinkServers,
  throughputPairs,
} from './programs.mjs';
import * as receiveCpu from './receive-cpu.mjs';
import * as roundTrips from './round-trips.mjs';
import * as throughput from './throughput.mjs';

const HELP = `node bench/run.mjs [options]     (npm run bench -- [options])

Compares sockkit with its peers; every figure is a ratio of two runs that follow each other.

  --quick            1 GiB instead of 4, and 3 rounds instead of 5: under two minutes
  --rounds N         how often each comparison is repeated
  --only SUBJECT     throughput, connections, round-trips, receive-cpu or datagrams; more than once
  --peer NAME        only this peer, by any part of its name; may be given more than once
  --subject NAME     what is compared with the peers, instead of sockkit ("C stream", for instance)
  --help
`;

/** What is measured, and who is compared in it. */
const SUBJECTS = {
  throughput: { run: throughput.run, contestants: throughputPairs },
  connections: { run: connections.run, contestants: connectionServers },
  'round-trips': { run: roundTrips.run, contestants: echoServers },
  'receive-cpu': { run: receiveCpu.run, contestants: sinkServers },
  datagrams: { run: datagrams.run, contestants: datagramPairs },
};

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: Object.keys(SUBJECTS) },
      peer: { type: 'string', multiple: true },
      subject: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = values.only.find((name) => !Object.hasOwn(SUBJECTS, name));
  if (unknown !== undefined) throw new Error(`there is no subject called ${unknown}`);
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number');
  return { ...values, rounds };
}

/** The one to measure and those to measure it against, or an Error that says which are missing. */
function choose(contestants, options) {
  const matches = (name, part) => name.toLowerCase().includes(part.toLowerCase());
  const subject = contestants.find(({ name, ours }) =>
    options.subject === undefined ? ours : matches(name, options.subject),
  );
  if (subject === undefined) throw new Error(`nothing is called ${options.subject}`);
  if (subject.missing) throw new Error(`${subject.name}: ${subject.missing}`);
  const peers = contestants.filter(
    (peer) =>
      peer !== subject && (options.peer?.some((part) => matches(peer.name, part)) ?? !peer.ours),
  );
  for (const peer of peers.filter(({ missing }) => missing)) {
    console.log(`left out: ${peer.name}: ${peer.missing}`);
  }
  const present = peers.filter(({ missing }) => !missing);
  // What is asked of the ratios is asked of sockkit only.
  return { subject, peers: subject.ours ? present : present.map(({ must, aim, ...peer }) => peer) };
}

function saveResults(results) {
  const directory = path.join(import.meta.dirname, 'results');
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, `${results.started.replaceAll(/[:.]/g, '-')}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  console.log(`\nresults: ${path.relative(process.cwd(), file)}`);
}

async function main() {
  const options = readOptions();
  if (options.help) return void process.stdout.write(HELP);
  const programs = buildPrograms();
  const machine = machineFacts();
  const results = { started: new Date().toISOString(), quick: options.quick, machine };
  printMachine(machine);

  for (const name of options.only) {
    const contestants = SUBJECTS[name].contestants(programs);
    console.log();
    const { subject, peers } = choose(contestants, options);
    const { quick, rounds } = options;
    results[name] = await SUBJECTS[name].run({ subject, peers, programs, quick, rounds });
  }
  saveResults(results);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    killAll();
    process.exit(130);
  });
}
try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
} finally {
  killAll();
}
