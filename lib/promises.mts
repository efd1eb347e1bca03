// The names one by one: `export *` would pass on __esModule too, and import() must give what
// require() does.
export { constants, createConnection, getaddrinfo, Socket, SocketError } from './promises/index.js';
export type * from './promises/index.js';
