// How fast one large message goes through a pair: from a sparse file, which costs next to nothing to
// read, over loopback, into a file in memory.
//
// Start-up is left out in the same way for all, without any help from the programs: the clock starts
// when the client has read its first chunk (the harness shares the file position of its standard
// input) and stops when the output file has its full length. See c/watch-transfer.c.
//
// Nothing is pinned: the runtimes among the programs have threads beside the main one, and the
// scheduler may use both cores for all of them.
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { freePort, listening, start, stop, within } from './processes.mjs';
import { scratchDirectory } from './scratch.mjs';
import { compare, printComparison, printHeading } from './stats.mjs';

const GIB = 2 ** 30;

async function firstLine(child) {
  const [chunk] = await once(child.stdout, 'data');
  return chunk.toString().trim();
}

/** Seconds from first byte to last. */
async function transfer(pair, { bytes, scratch, programs }) {
  const inputFile = path.join(scratch, 'input');
  const outputFile = path.join(scratch, 'output');
  const output = fs.openSync(outputFile, 'w');
  const input = fs.openSync(inputFile, 'r');
  try {
    const port = await freePort();
    const server = start(pair.server(port), ['ignore', output, 'pipe']);
    await listening(port, server, pair.name);

    const watch = start(
      [programs.watchTransfer, String(bytes)],
      ['ignore', 'pipe', 'inherit', input, output],
    );
    if ((await firstLine(watch)) !== 'ready') throw new Error('the stopwatch does not start');
    const client = start(pair.client(port), [input, 'ignore', 'pipe']);

    const failure = client.ended.then(async ({ code, signal }) => {
      if (code === 0) return new Promise(() => {}); // The last bytes may be on their way still.
      throw new Error(`the client of ${pair.name}: ${signal ?? code}: ${client.complaints()}`);
    });
    const slowest = 20_000 + bytes / 50_000; // 50 MB per second.
    const text = await within(slowest, pair.name, Promise.race([firstLine(watch), failure]));
    await within(10_000, `the end of the client of ${pair.name}`, client.ended);
    await within(10_000, `the end of the server of ${pair.name}`, stop(server));
    const { size } = fs.fstatSync(output);
    if (size !== bytes) throw new Error(`${pair.name} wrote ${size} bytes of ${bytes}`);
    return Number(text);
  } finally {
    fs.closeSync(input);
    fs.ftruncateSync(output, 0);
    fs.closeSync(output);
  }
}

export async function run({ subject, peers, programs, quick, rounds }) {
  const bytes = (quick ? 1 : 4) * GIB;
  const { directory: scratch, kind } = scratchDirectory(bytes);
  const input = path.join(scratch, 'input');
  fs.writeFileSync(input, '');
  fs.truncateSync(input, bytes);
  const context = { bytes, scratch, programs };
  const gibPerSecond = async (pair) => bytes / GIB / (await transfer(pair, context));

  console.log(
    `Throughput: ${bytes / GIB} GiB from a sparse file through each pair into a file in ${kind}, ` +
      `first byte to last;\nmedians of ${rounds} rounds, the two of each row in turn`,
  );
  for (const { name, buffers } of [subject, ...peers]) console.log(`  ${name}: ${buffers}`);
  printHeading('subject', 'GiB/s');
  const results = [];
  for (const peer of peers) {
    const figures = [];
    for (let round = 0; round < rounds; round++) {
      figures.push({ subject: await gibPerSecond(subject), peer: await gibPerSecond(peer) });
    }
    const result = compare(figures);
    printComparison(peer, result, 2);
    results.push({ peer: peer.name, must: peer.must, aim: peer.aim, ...result });
  }
  const buffers = Object.fromEntries([subject, ...peers].map((pair) => [pair.name, pair.buffers]));
  return { subject: subject.name, unit: 'GiB/s', bytes, output: kind, buffers, results };
}
