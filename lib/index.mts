// The names one by one: `export *` would pass on __esModule too, and import() must give what
// require() does.
export {
  constants,
  createConnection,
  createMessageServer,
  createServer,
  listenFds,
  MessageServer,
  options,
  sendAll,
  Server,
  Socket,
  SocketError,
} from './index.js';
export type * from './index.js';
