// The library that is loaded before a graded program (native/shim): it makes short counts, EINTR and
// EAGAIN happen, and writes down the calls that the program makes.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { whyNotPreloaded } from './elf.js';
import { ROOT } from './root.js';

/** What is made to happen on TCP sockets, and on nothing else; what is left out does not happen. */
export interface Faults {
  /** A send (send, write, writev, sendmsg, sendfile) takes at most so many bytes. */
  sendBytes?: number;
  /** The first of every so many sends on a blocking socket fails with EINTR; at least 2. */
  sendEintr?: number;
  /** The same on a non-blocking socket, with EAGAIN. */
  sendEagain?: number;
  /** A recv or read gives at most so many bytes. */
  recvBytes?: number;
  recvEintr?: number;
  recvEagain?: number;
  acceptEintr?: number;
  /** poll, select and epoll_wait. */
  waitEintr?: number;
}

const NAMES: Readonly<Record<keyof Faults, string>> = {
  sendBytes: 'send-bytes',
  sendEintr: 'send-eintr',
  sendEagain: 'send-eagain',
  recvBytes: 'recv-bytes',
  recvEintr: 'recv-eintr',
  recvEagain: 'recv-eagain',
  acceptEintr: 'accept-eintr',
  waitEintr: 'wait-eintr',
};

/** How large a log may grow. */
const LOG_BYTES = 16 * 2 ** 20;

export interface ShimOptions {
  /** The file that the calls are appended to; an absolute path, on which nobody else writes. */
  log?: string;
  faults?: Faults;
}

export class Shim {
  private constructor(readonly file: string) {}

  /** The shim of this system, or one sentence that says why there is none. */
  static find(): Shim | string {
    if (process.platform !== 'linux') {
      return `calls cannot be watched on ${process.platform}, only on Linux`;
    }
    // The addon's own order: what was built here before what came with the package.
    const folder = `prebuilds/${process.platform}-${process.arch}`;
    const places = [
      'build/Release/sockcheck-shim.so',
      `${folder}/sockcheck-shim.${existsSync('/etc/alpine-release') ? 'musl' : 'glibc'}.so`,
    ];
    const found = places.map((place) => join(ROOT, place)).find((file) => existsSync(file));
    if (found === undefined) {
      return `calls cannot be watched here: there is no sockcheck-shim for ${process.platform}-${process.arch}`;
    }
    // The loader splits LD_PRELOAD at these, and knows no way to quote them.
    if (/[\s:$]/.test(found)) {
      return `calls cannot be watched: the folder of sockkit has a blank, a colon or a dollar sign in its path (${found})`;
    }
    return new Shim(found);
  }

  /** Why it would see nothing of this command, as a part of a sentence; null where it will. */
  whyNot(
    words: readonly string[],
    directory: string,
    path = process.env.PATH ?? '',
  ): string | null {
    return whyNotPreloaded(words, directory, path);
  }

  /** What the program's environment needs besides what it has. */
  environment({ log, faults = {} }: ShimOptions): Record<string, string> {
    const settings = (Object.keys(NAMES) as (keyof Faults)[])
      .filter((name) => faults[name] !== undefined)
      .map((name) => `${NAMES[name]}=${faults[name] ?? 0}`);
    return {
      LD_PRELOAD: this.file,
      ...(settings.length === 0 ? {} : { SOCKCHECK_SHIM_FAULTS: settings.join(',') }),
      ...(log === undefined
        ? {}
        : { SOCKCHECK_SHIM_LOG: log, SOCKCHECK_SHIM_LIMIT: String(LOG_BYTES) }),
    };
  }
}
