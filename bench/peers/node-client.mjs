// Sends standard input to a server with node:net: node-client.mjs HOST PORT < input
import net from 'node:net';

const socket = net.connect({ host: process.argv[2], port: Number(process.argv[3]) });
process.stdin.pipe(socket);
socket.resume();
