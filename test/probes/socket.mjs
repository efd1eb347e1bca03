// Socket: blocking calls with a time-out, options by name, what arrives exactly.
import { strict as assert } from 'node:assert';
import { constants, Socket } from 'sockkit';

const { AF_UNIX, SOCK_STREAM } = constants;
const [a, b] = Socket.pair(AF_UNIX, SOCK_STREAM);
a.sendAll('Go Tigers!\n');
assert.equal(b.recvExact(11).toString(), 'Go Tigers!\n');
b.setTimeout(20);
assert.throws(() => b.recv(1), { code: 'ETIMEDOUT' });
a.setOption('sndBuf', 8192);
assert.ok(a.getOption('sndBuf') >= 8192);
a.close();
assert.equal(b.recv(1).length, 0);
b.close();
