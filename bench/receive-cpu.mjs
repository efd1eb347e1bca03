// What it costs a server to receive: GiB for each second of processor time of all its threads, user
// and system, while the C client sends it zeros. Time on the wall does not count, so other work on the
// machine disturbs it less than the rest; what that does to the caches is felt all the same.
//
// Both servers of a row live through all its rounds and are loaded in turn.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { freePort, listening, start, stop, within } from './processes.mjs';
import { compare, printComparison, printHeading } from './stats.mjs';

const GIB = 2 ** 30;
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Seconds of all threads, those that have ended too. */
function processorSeconds(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may have blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[11], fields[12]].map(Number);
  return (user + system) / TICKS_PER_SECOND;
}

async function launch(contestant, { bytes, programs }) {
  const port = await freePort();
  const server = start(contestant.server(port), ['ignore', 'pipe', 'pipe']);
  await listening(port, server, contestant.name);
  const receive = async () => {
    const before = processorSeconds(server.pid);
    const told = once(server.stdout, 'data');
    const words = ['127.0.0.1', String(port), '--bytes', String(bytes)];
    const client = start([programs.streamClient, ...words], ['ignore', 'ignore', 'pipe']);
    const { code } = await within(120_000, contestant.name, client.ended);
    if (code !== 0) throw new Error(`the client of ${contestant.name}: ${client.complaints()}`);
    const [text] = await within(30_000, `the count of ${contestant.name}`, told);
    if (Number(text) !== bytes) throw new Error(`${contestant.name} has ${text} bytes of ${bytes}`);
    return bytes / GIB / (processorSeconds(server.pid) - before);
  };
  return { receive, end: () => within(10_000, `the end of ${contestant.name}`, stop(server)) };
}

async function compareWith(peer, { subject, rounds, ...context }) {
  const ours = await launch(subject, context);
  const theirs = await launch(peer, context);
  // Until what is compiled as it runs has been compiled.
  await ours.receive();
  await theirs.receive();
  const figures = [];
  for (let round = 0; round < rounds; round++) {
    figures.push({ subject: await ours.receive(), peer: await theirs.receive() });
  }
  await ours.end();
  await theirs.end();
  return compare(figures);
}

export async function run({ subject, peers, programs, quick, rounds }) {
  const bytes = (quick ? 1 : 4) * GIB;
  console.log(
    `Receiving: ${bytes / GIB} GiB over one connection, for each second of the server's processor ` +
      `time;\nmedians of ${rounds} rounds, the two of each row in turn`,
  );
  for (const { name, buffers } of [subject, ...peers]) console.log(`  ${name}: ${buffers}`);
  printHeading('subject', 'GiB/CPU s');
  const results = [];
  for (const peer of peers) {
    const result = await compareWith(peer, { subject, rounds, bytes, programs });
    printComparison(peer, result, 2);
    results.push({ peer: peer.name, must: peer.must, aim: peer.aim, ...result });
  }
  const buffers = Object.fromEntries([subject, ...peers].map((one) => [one.name, one.buffers]));
  return { subject: subject.name, unit: 'GiB/CPU s', bytes, buffers, results };
}
