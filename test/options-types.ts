// Compiled and never run: what has to be a compile error is marked as one, and each mark without an
// error is an error itself.
import { type Linger, type PeerCredentials, Socket, type TcpInfo } from 'sockkit';

declare const socket: Socket;

const { localAddress, remoteAddress } = socket;
export const port: number | undefined = localAddress.port ?? remoteAddress?.port;
export const path: string | Buffer | undefined = localAddress.path;
export const host: string = localAddress.port === undefined ? '' : localAddress.address;
export const scopeId: number = localAddress.family === 'IPv6' ? localAddress.scopeId : 0;
export const hwaddr: string = localAddress.family === 'packet' ? localAddress.hwaddr : '';
socket.connect(localAddress);
// @ts-expect-error -- not every address has a port
socket.connect({ address: '127.0.0.1', port: localAddress.port });

export const bool: boolean = socket.getOption('reuseAddr');
export const int: number = socket.getOption('ipTtl');
export const big: bigint = socket.getOption('cookie');
export const text: string = socket.getOption('tcpCongestion');
export const linger: Linger = socket.getOption('linger');
export const peer: PeerCredentials = socket.getOption('peerCred');
export const info: TcpInfo = socket.getOption('tcpInfo');
export const rtt: number = info.rttUs;
export const later: number | undefined = info.bytesAcked;

socket.setOption('linger', { on: true, seconds: 0 });
socket.setOption('tcpUserTimeout', 3000);
socket.setOption('ipAddMembership', { group: '239.1.2.3', ifindex: 1 });
socket.setOption('attachFilter', [{ code: 6, jt: 0, jf: 0, k: 0 }]);
socket.setOption('ipOptions', new Uint8Array(4));

// @ts-expect-error -- there is no such option
socket.getOption('reuseAdr');
// @ts-expect-error -- there is no such option
socket.setOption('reuseAdr', true);
// @ts-expect-error -- SO_ERROR is only read
socket.setOption('error', 0);
// @ts-expect-error -- SO_PEERCRED is only read
socket.setOption('peerCred', { pid: 1, uid: 1, gid: 1 });
// @ts-expect-error -- IP_ADD_MEMBERSHIP is only written
socket.getOption('ipAddMembership');
// @ts-expect-error -- a boolean is wanted
socket.setOption('reuseAddr', 1);
// @ts-expect-error -- a number is wanted
socket.setOption('ipTtl', '64');
// @ts-expect-error -- a bigint is wanted
socket.setOption('maxPacingRate', 1000);
// @ts-expect-error -- the seconds are missing
socket.setOption('linger', { on: true });
// @ts-expect-error -- a group is missing
socket.setOption('ipAddMembership', { ifindex: 1 });
// @ts-expect-error -- what getOption gives is a boolean
export const wrong: number = socket.getOption('reuseAddr');
// @ts-expect-error -- fields that old kernels lack can be missing
export const maybe: number = info.bytesAcked;
