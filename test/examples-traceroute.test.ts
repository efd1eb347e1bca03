// On the loopback, and through network namespaces that are the test's own.
import { spawnSync } from 'node:child_process';
import { example, exampleFile } from './helpers/example.js';
import { hasIPv6, testWhere } from './helpers/net.js';
import { run, stopAll } from './helpers/run.js';

afterEach(stopAll);

test.each(['127.0.0.1', '127.0.0.5', ...(hasIPv6 ? ['::1'] : [])])(
  '%s is one hop away, for anyone',
  async (address) => {
    const { code, stdout, stderr } = await example('traceroute.mjs', [address]).finished;
    expect(stdout.toString().split('\n')).toEqual([
      `to ${address} (${address}), 30 hops at most`,
      expect.stringMatching(new RegExp(`^1  ${address}  \\d+\\.\\d{3} ms$`)),
      '',
    ]);
    expect([code, stderr]).toEqual([0, '']);
  },
);

// client 10.99.1.1 -- 10.99.1.2 router 10.99.2.1 -- 10.99.2.2 server, and the same with fd99:.
const [client, router, server] = ['client', 'router', 'server'].map(
  (name) => `sockkit-${process.pid}-${name}`,
) as [string, string, string];

const SETUP = `
  set -e
  for ns in ${client} ${router} ${server}; do
    ip netns add $ns
    ip -n $ns link set lo up
  done
  # With its usual link-local address, IPv6 works only once that has been looked for on the link.
  link() { # net, its lower host and its higher one, each with its interface
    ip -n $2 link add $3 type veth peer name $5 netns $4
    ip -n $2 link set $3 addrgenmode none up
    ip -n $4 link set $5 addrgenmode none up
    end $1 1 $2 $3
    end $1 2 $4 $5
  }
  end() {
    ip -n $3 address add 10.99.$1.$2/24 dev $4
    ip -n $3 address add fd99:$1::$2/64 dev $4 nodad
    ip -n $3 address add fe80::$2/64 dev $4 nodad
  }
  link 1 ${client} eth0 ${router} eth0
  link 2 ${router} eth1 ${server} eth0
  ip -n ${client} route add default via 10.99.1.2
  ip -n ${client} route add default via fd99:1::2
  ip -n ${server} route add default via 10.99.2.1
  ip -n ${server} route add default via fd99:2::1
  ip netns exec ${router} sh -c '
    echo 1 > /proc/sys/net/ipv4/ip_forward
    echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'`;

// Root without a single capability, so that it is not root that makes it work.
const POWERLESS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];

const made = spawnSync('sh', ['-c', `${SETUP}\n${POWERLESS.join(' ')} true`], { encoding: 'utf8' });
const inNamespaces = testWhere(made.status === 0, `no network namespaces here: ${made.stderr}`);

afterAll(() => {
  for (const name of [client, router, server]) spawnSync('ip', ['netns', 'del', name]);
});

const trace = (address: string) =>
  run('ip', [
    ...['netns', 'exec', client, ...POWERLESS],
    ...[process.execPath, exampleFile('traceroute.mjs'), address],
  ]);

const hops = (stdout: Buffer) => stdout.toString().replaceAll(/ {2}\d+\.\d{3} ms/g, '');

inNamespaces.each([
  ['10.99.2.2', '10.99.1.2'],
  ['fd99:2::2', 'fd99:1::2'],
])('%s is behind a router, which is named', async (address, first) => {
  const { code, stdout, stderr } = await trace(address);
  expect(hops(stdout)).toBe(
    `to ${address} (${address}), 30 hops at most\n1  ${first}\n2  ${address}\n`,
  );
  expect([code, stderr]).toEqual([0, '']);
});

inNamespaces('a router that knows no way ends it', async () => {
  const { code, stdout } = await trace('10.99.3.1');
  expect(hops(stdout)).toMatch(/\n1 {2}10\.99\.1\.2\nended by E(NET|HOST)UNREACH\n$/);
  expect(code).toBe(0);
});

inNamespaces('sniff needs what traceroute does not', async () => {
  const [program = '', ...args] = POWERLESS;
  const { code, stderr } = await run(program, [
    ...args,
    process.execPath,
    exampleFile('sniff.mjs'),
  ]);
  expect(stderr).toContain('SocketError: socket EPERM');
  expect(code).toBe(1);
});
