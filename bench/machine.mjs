// What the figures depend on: the machine, the versions, the kernel's own buffers.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

function output(command, ...args) {
  try {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    return execFileSync(command, args, { ...options, cwd: import.meta.dirname }).trim();
  } catch {
    return null;
  }
}

function kernelSetting(name) {
  return readFileSync(`/proc/sys/${name}`, 'utf8').trim().split(/\s+/).map(Number);
}

function commit() {
  const hash = output('git', 'rev-parse', '--short=12', 'HEAD');
  if (hash === null) return 'unknown';
  return output('git', 'status', '--porcelain') === '' ? hash : `${hash} with uncommitted changes`;
}

export function machineFacts() {
  return {
    commit: commit(),
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Number((os.totalmem() / 2 ** 30).toFixed(1)),
    kernel: `${os.type()} ${os.release()} ${os.machine()}`,
    node: process.version,
    compiler: output('cc', '--version')?.split('\n')[0] ?? 'unknown',
    python: output('python3', '--version') ?? 'none',
    loadAverage: os.loadavg()[0],
    tcpSendBuffer: kernelSetting('net/ipv4/tcp_wmem'),
    tcpReceiveBuffer: kernelSetting('net/ipv4/tcp_rmem'),
  };
}

export function printMachine(facts) {
  console.log(`commit    ${facts.commit}`);
  console.log(`machine   ${facts.processor}, ${facts.cores} cores, ${facts.memoryGiB} GiB`);
  console.log(`system    ${facts.kernel}; node ${facts.node}; ${facts.python}`);
  console.log(`compiler  ${facts.compiler}, -O2`);
  console.log(
    `sockets   least, first and largest size: send ${facts.tcpSendBuffer.join(' ')}, ` +
      `receive ${facts.tcpReceiveBuffer.join(' ')} (nobody here sets another)`,
  );
  if (facts.loadAverage > 0.5) {
    console.log(
      `WARNING   the load average is ${facts.loadAverage.toFixed(2)}: others are at work`,
    );
  }
}
