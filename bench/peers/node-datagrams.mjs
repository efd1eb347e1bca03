// node-datagrams.mjs receive|send plain BYTES [PORT SECONDS]
import dgram from 'node:dgram';
import { clearInterval, setInterval } from 'node:timers';

const [role, , bytes, port, seconds] = process.argv.slice(2);
const socket = dgram.createSocket('udp4');

if (role === 'receive') {
  let count = 0;
  let first = 0;
  let last = 0;
  socket.on('message', () => {
    // The clock is looked at for every 64th alone.
    if ((count++ & 63) !== 0) return;
    last = performance.now();
    first ||= last;
  });
  socket.bind(0, '127.0.0.1', () => console.log(socket.address().port));
  const look = setInterval(() => {
    if (first === 0 || performance.now() - last < 300) return;
    console.log(JSON.stringify({ count, seconds: (last - first) / 1000 }));
    clearInterval(look);
    socket.close();
  }, 100);
} else {
  const message = Buffer.alloc(Number(bytes), 'x');
  const IN_FLIGHT = 64;
  let count = 0;
  let open = 0;
  socket.connect(Number(port), '127.0.0.1', () => {
    const end = performance.now() + Number(seconds) * 1000;
    let goesOn = true;
    const sent = () => {
      open -= 1;
      if ((++count & 63) === 0) goesOn = performance.now() < end;
      if (goesOn) send();
      else if (open === 0) {
        console.log(JSON.stringify({ count }));
        socket.close();
      }
    };
    const send = () => {
      open += 1;
      socket.send(message, sent);
    };
    for (let i = 0; i < IN_FLIGHT; i++) send();
  });
}
