// The manual pages of the commands (dist/man) and their completion in bash (dist/completions), from
// the same objects as --help.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bin, isMain, root, say, seconds } from './run.mjs';

const require = createRequire(import.meta.url);
const manifest = () => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
export const commands = () => Object.keys(manifest().bin);
const specOf = (name) => require(join(root, 'dist/lib/cli', `${name}.js`)).spec;
export const manualFile = (name) => join(root, 'dist/man', `${name}.1`);
export const completionFile = join(root, 'dist/completions/sockkit.bash');

/** Characters that Markdown would take for its own. */
const plain = (text) => text.replaceAll(/[\\*_`<>[\]{}#|]/g, '\\$&');

function markdown(spec) {
  const { optionText, UNITS, valueText } = require(join(root, 'dist/lib/cli/help.js'));
  const others = commands().filter((name) => name !== spec.name);
  const option = ([name, it]) => {
    const short = it.short === undefined ? '' : `\`-${it.short}\`, `;
    const value = valueText(it).replace(/\S.*/, (word) => `*${plain(word)}*`);
    return `* ${short}\`--${name}\`${value}:\n  ${plain(optionText(it))}`;
  };
  const operands = spec.operands.map(({ name }) => ` *${name}*`).join('');
  return [
    `# ${spec.name}(1) -- ${plain(firstClause(spec.summary))}`,
    `## SYNOPSIS\n\n\`${spec.name}\` \\[*options*\\]${operands}`,
    `## DESCRIPTION\n\n${plain(spec.summary)}`,
    ...spec.operands.map(({ name, help }) => `* *${name}*:\n  ${plain(help)}`),
    `## OPTIONS\n\n${Object.entries(spec.options).map(option).join('\n\n')}\n\n${plain(UNITS)}`,
    `## EXAMPLES\n\n${spec.examples.map((line) => `    ${line}`).join('\n')}`,
    `## NOTES\n\n${spec.notes.map(plain).join('\n\n')}`,
    `## SEE ALSO\n\n${others.map((name) => `${name}(1)`).join(', ')}, send(2), recv(2)`,
  ].join('\n\n');
}

/** `Sends standard input to a server over TCP` */
function firstClause(text) {
  return text.split(/[,.:](?= |$)/, 1)[0].replace(/^./, (letter) => letter.toLowerCase());
}

function manual(name, version) {
  const args = ['--version', `sockkit ${version}`, '--manual', 'sockkit', '--no-breaks'];
  // No date of the day: the same sources give the same package.
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [bin('marked-man/bin/marked-man.js'), ...args],
    {
      input: markdown(specOf(name)),
      encoding: 'utf8',
      env: { ...process.env, SOURCE_DATE_EPOCH: '1767225600' },
    },
  );
  if (status !== 0) throw new Error(`marked-man: ${stderr}`);
  return stdout;
}

/** What bash offers for a value or an operand, by what the help calls it. */
const OFFERS = [
  [/^DIR$/, 'compgen -d'],
  [/^HOST$/, 'compgen -A hostname'],
  [/^(PORT|N|SIZE|TIME|CASES)$/, ':'],
  [/./, 'compgen -f'],
];
const offer = (name) => OFFERS.find(([pattern]) => pattern.test(name))[1];

function completionOf(spec) {
  const words = Object.entries(spec.options).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`],
  );
  const valued = Object.entries(spec.options).filter(
    ([, { kind }]) => !['flag', 'choice'].includes(kind),
  );
  const cases = valued.map(([name, { short, value = 'VALUE' }]) => {
    const names = short === undefined ? `--${name}` : `-${short} | --${name}`;
    const how = offer(value);
    return `    ${names}) ${how === ':' ? 'return' : `mapfile -t COMPREPLY < <(${how} -- "$word"); return`} ;;`;
  });
  const operands = spec.operands.map(({ name }) => offer(name)).filter((how) => how !== ':');
  const free = spec.operands.length === 0 ? ['compgen -f'] : operands;
  return `_${spec.name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  case $before in
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$word")
${free.length === 0 ? '' : `  else\n    mapfile -t COMPREPLY < <(${free[0]} -- "$word")\n`}  fi
}
complete -F _${spec.name} ${spec.name}
`;
}

export function writeManuals() {
  const start = performance.now();
  const { version } = manifest();
  for (const folder of ['man', 'completions']) {
    mkdirSync(join(root, 'dist', folder), { recursive: true });
  }
  for (const name of commands()) writeFileSync(manualFile(name), manual(name, version));
  const head = '# bash completion for the commands of sockkit: source this file.\n';
  const all = commands().map((name) => completionOf(specOf(name)));
  writeFileSync(completionFile, [head, ...all].join('\n'));
  say(`wrote the manual pages and dist/completions, ${seconds(start)}`);
}

export function manualsExist() {
  return existsSync(completionFile) && commands().every((name) => existsSync(manualFile(name)));
}

if (isMain(import.meta.url)) writeManuals();
