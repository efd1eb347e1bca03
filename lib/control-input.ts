// The checks of control messages that are to be sent.
import {
  bytesOf,
  checkFd,
  checkInt32,
  checkInteger,
  checkObject,
  ipError,
  numberError,
  typeError,
  valueError,
} from './validate.js';

/** sys::Control::Kind in native/sys/control.h. */
export const ControlKind = {
  raw: 0,
  rights: 1,
  credentials: 2,
  pktinfo: 3,
  ttl: 4,
  tos: 5,
  timestamp: 6,
  recverr: 7,
  pidfd: 8,
} as const;

/** A control message that has been checked and that nobody else can change. */
export interface ControlItem {
  kind: number;
  family: 0 | 4 | 6;
  level: number;
  type: number;
  words: readonly number[];
  data: Uint8Array;
  /** An IP address's text, or ''. */
  address: string;
}

const INT32_MAX = 2 ** 31 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const MOST_ADDRESS = 100;
const NO_DATA = new Uint8Array(0);
const NONE: Omit<ControlItem, 'kind'> = {
  family: 0,
  level: 0,
  type: 0,
  words: [],
  data: NO_DATA,
  address: '',
};

type Fields = Record<string, unknown>;

/** @param most The bytes that all items together may have. */
export function readItem(name: string, item: unknown, most: number): ControlItem {
  checkObject(name, item);
  const fields = item as Fields;
  const { type } = fields;
  if (typeof type === 'number') return readRaw(name, fields, type, most);
  switch (type) {
    case 'rights':
      return { ...NONE, kind: ControlKind.rights, data: readFds(name, fields, most) };
    case 'credentials':
      return { ...NONE, kind: ControlKind.credentials, words: readCredentials(name, fields) };
    case 'pktinfo':
      return readPktinfo(name, fields);
    case 'ttl':
    case 'tos': {
      const { value, family } = fields;
      // Linux keeps 16 bits of the number, so that a larger one would be another.
      checkInteger(`${name}.value`, value, -1, 255);
      return { ...NONE, kind: ControlKind[type], family: readFamily(name, family), words: [value] };
    }
    case 'timestamp':
    case 'recverr':
    case 'pidfd':
      throw valueError(`${name}.type`, type, 'is only ever received');
    default:
      if (typeof type === 'string') {
        const known = "'rights', 'credentials', 'pktinfo', 'ttl' or 'tos', or a number";
        throw valueError(`${name}.type`, type, `must be ${known}`);
      }
      throw typeError(`${name}.type`, 'of type string or number', type);
  }
}

function readRaw(name: string, fields: Fields, type: number, most: number): ControlItem {
  const { level, data } = fields;
  checkInt32(`${name}.level`, level);
  checkInt32(`${name}.type`, type);
  const bytes = bytesOf(`${name}.data`, data);
  if (bytes.length > most) throw numberError(`${name}.data.byteLength`, bytes.length, 0, most);
  return { ...NONE, kind: ControlKind.raw, level, type, data: Uint8Array.from(bytes) };
}

function readFds(name: string, { fds }: Fields, most: number): Uint8Array {
  if (!Array.isArray(fds)) throw typeError(`${name}.fds`, 'an instance of Array', fds);
  const { length } = fds;
  if (length > most / 4) throw numberError(`${name}.fds.length`, length, 0, most / 4);
  const list = new Int32Array(length);
  for (let index = 0; index < length; index++) {
    const fd: unknown = fds[index];
    checkFd(fd, `${name}.fds[${index}]`);
    list[index] = fd;
  }
  return new Uint8Array(list.buffer);
}

function readCredentials(name: string, { pid, uid, gid }: Fields): number[] {
  checkInteger(`${name}.pid`, pid, 0, INT32_MAX);
  checkInteger(`${name}.uid`, uid, 0, UINT32_MAX);
  checkInteger(`${name}.gid`, gid, 0, UINT32_MAX);
  return [pid, uid, gid];
}

function readFamily(name: string, family: unknown): 0 | 4 | 6 {
  if (family === undefined) return 0;
  if (family === 'IPv4') return 4;
  if (family === 'IPv6') return 6;
  throw valueError(`${name}.family`, family, "must be 'IPv4', 'IPv6' or undefined");
}

function readPktinfo(name: string, fields: Fields): ControlItem {
  const { ifindex = 0, family: wanted, address: destination, specDst } = fields;
  checkInteger(`${name}.ifindex`, ifindex, 0, UINT32_MAX);
  let family = readFamily(name, wanted);
  const address: unknown = specDst ?? destination ?? '';
  if (typeof address !== 'string') {
    throw typeError(
      `${name}.${specDst == null ? 'address' : 'specDst'}`,
      'of type string',
      address,
    );
  }
  if (address !== '') {
    if (address.length > MOST_ADDRESS || /[^\x20-\x7e]/.test(address)) throw ipError(address);
    const own = address.includes(':') ? 6 : 4;
    if (family !== 0 && family !== own) {
      const reason = `must be 'IPv${own}' or undefined for the address ${address}`;
      throw valueError(`${name}.family`, wanted, reason);
    }
    family = own;
  }
  return { ...NONE, kind: ControlKind.pktinfo, family, words: [ifindex], address };
}
