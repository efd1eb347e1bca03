// The programs that a build or the tests use, and the Debian packages that they come from.
import { spawnSync } from 'node:child_process';
import { onPath, run, say, works } from './run.mjs';

const openbsdNetcat = () => {
  const help = spawnSync('nc', ['-h'], { encoding: 'utf8' });
  return `${help.stdout}${help.stderr}`.includes('OpenBSD');
};

// `without` completes "without it, ...". A package that only the tests use has `tests: true`.
const PROGRAMS = [
  {
    package: 'g++',
    present: () => onPath(process.env.CXX ?? 'c++'),
    without: 'nothing can be built',
  },
  {
    package: 'python3',
    present: () => works('python3', ['-c', 'import json']),
    without: 'the compiler is called without node-gyp, and the Python pairs are not tested',
  },
  {
    package: 'make',
    present: () => works('make'),
    without: 'the compiler is called without node-gyp, and the ctest programs are not run',
  },
  {
    package: 'cmake',
    present: () => works('cmake'),
    without: 'the ctest programs and clang-tidy are not run',
    tests: true,
  },
  {
    package: 'netcat-openbsd',
    present: openbsdNetcat,
    without: 'netcat is not tested against',
    tests: true,
  },
  {
    package: 'socat',
    present: () => onPath('socat'),
    without: 'socat is not tested against',
    tests: true,
  },
  {
    package: 'strace',
    present: () => works('strace', ['-V']),
    without: 'tests that count system calls are skipped',
    tests: true,
  },
  {
    package: 'iproute2',
    present: () => works('ip', ['-V']),
    without: 'tests in a network namespace are skipped',
    tests: true,
  },
  {
    package: 'g++-aarch64-linux-gnu',
    present: () => process.arch !== 'x64' || onPath('aarch64-linux-gnu-g++'),
    without: 'no binary for arm64 is made, nor tested',
    tests: true,
  },
  {
    package: 'qemu-user',
    present: () => process.arch !== 'x64' || onPath('qemu-aarch64'),
    without: 'the binary for arm64 is not tested',
    tests: true,
  },
  {
    package: 'musl-tools',
    present: () => onPath('musl-gcc'),
    without: 'it is not tested that the sources compile with musl',
    tests: true,
  },
  {
    package: 'clang-tidy',
    present: () => works('clang-tidy'),
    without: 'the C++ is formatted and compiled but not linted',
    tests: true,
  },
];

/** Installs what is missing where that can be done, and says in a line what stays missing. */
export async function debianPackages({ tests }) {
  const missing = () => PROGRAMS.filter((it) => (tests || !it.tests) && !it.present());
  let absent = missing();
  if (absent.length === 0) return;
  const how = installer();
  if (how) {
    const names = absent.map((it) => it.package);
    say(`installing Debian packages: ${names.join(' ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const options = ['-y', '-q', '--no-install-recommends'];
    await run(how[0], [...how.slice(1), 'apt-get', 'update', '-q'], { env });
    const all = await run(how[0], [...how.slice(1), 'apt-get', 'install', ...options, ...names], {
      env,
    });
    // One package that cannot be had must not keep the others away.
    for (const name of all.ok ? [] : names) {
      await run(how[0], [...how.slice(1), 'apt-get', 'install', ...options, name], { env });
    }
    absent = missing();
  }
  const noInstaller = onPath('apt-get') ? 'not root, so not installed' : 'and no apt-get';
  const why = how ? 'apt-get could not install it' : noInstaller;
  for (const it of absent) say(`no ${it.package} (${why}): ${it.without}`);
  if (absent.some((it) => it.package === 'g++')) {
    process.stderr.write('sockkit: a C++ compiler is needed\n');
    process.exit(1);
  }
}

/** The start of a command line that runs apt-get as root, or null. */
function installer() {
  if (!onPath('apt-get')) return null;
  if (process.getuid?.() === 0) return ['env'];
  return onPath('sudo') && works('sudo', ['-n', 'true'])
    ? ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive']
    : null;
}
