import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';

/** Paths relative to the repository's root, with the text of each file. */
export type Files = ReadonlyMap<string, string>;

/** From the bottom up: a room uses itself and what stands before it here. */
const ROOMS: readonly [name: string, pattern: RegExp][] = [
  ['native/sys', /^native\/(sys|generated)\//],
  ['native/server', /^native\/server\//],
  ['native/napi', /^native\/napi\//],
  ['lib/tables', /^lib\/tables\//],
  ['lib/binding', /^lib\/binding\.m?ts$/],
  ['lib', /^lib\/[^/]+$|^lib\/promises\//],
  ['lib/check', /^lib\/check\//],
  ['lib/cli', /^lib\/cli\//],
  ['bin', /^bin\//],
  // A library of its own, in other people's programs: nothing here includes it.
  ['native/shim', /^native\/shim\//],
];

const NODE_HEADER = /^(napi|napi-inl|node_api|js_native_api|node|node_buffer|v8|uv)\.h$/;

/** What only native/sys may call. */
const SOCKET_CALLS =
  'socket|socketpair|bind|listen|accept4?|connect|send|sendto|sendmsg|sendmmsg|recv|recvfrom|' +
  'recvmsg|recvmmsg|shutdown|getsockname|getpeername|getsockopt|setsockopt|getaddrinfo|getnameinfo';
/** What native/napi may not call either: it makes values and arguments, and nothing else. */
const OTHER_CALLS =
  'close|poll|ppoll|select|epoll_create1|epoll_ctl|epoll_wait|eventfd|pipe2?|ioctl|fcntl|open|' +
  'openat|read|readv|write|writev|pread|pwrite|dup|dup2|dup3|sendfile|splice|syscall';
/** Headers that declare calls and no type or constant that a caller in JavaScript needs. */
const CALL_HEADERS =
  /^(unistd|fcntl|sys\/(epoll|eventfd|ioctl|mman|select|sendfile|signalfd|syscall|timerfd))\.h$/;

export function rank(path: string): number {
  return ROOMS.findIndex(([, pattern]) => pattern.test(path));
}

function roomName(path: string): string {
  return ROOMS[rank(path)]?.[0] ?? path;
}

/** Every breach of the rooms' order in these files, as `file: what is wrong`. */
export function breaches(files: Files): string[] {
  const found: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [path, text] of files) {
    const say = (what: string) => found.push(`${path}: ${what}`);
    if (/^native\/.*\.(cc|c|h|inc)$/.test(path)) checkNative(path, text, say);
    else if (/^(bin|lib)\/.*\.(m?ts|tsx)$/.test(path)) {
      edges.set(path, checkScript(path, text, files, say));
    } else if (/^test\/.*\.ts$/.test(path)) checkTest(path, text, say);
  }
  for (const cycle of cycles(edges)) found.push(`${cycle.join(' -> ')}: a cycle`);
  return found;
}

function checkNative(path: string, text: string, say: (what: string) => void): void {
  const isTest = path.startsWith('native/test/');
  const room = isTest ? 'native/server' : roomName(path);
  if (!isTest && rank(path) < 0) say('belongs to no room');
  for (const [, quote = '', header = ''] of text.matchAll(/^\s*#\s*include\s*([<"])([^>"]+)/gm)) {
    if (quote === '"' && !header.startsWith('native/')) {
      say(`includes "${header}" other than from the repository's root`);
    }
    if (quote === '"' && rank(header) > (isTest ? rank('native/server/') : rank(path))) {
      say(`includes ${header} of a room above`);
    }
    if (room !== 'native/napi' && NODE_HEADER.test(header)) say(`includes Node's ${header}`);
    if (room === 'native/napi' && CALL_HEADERS.test(header)) say(`includes <${header}>`);
  }
  if (room === 'native/sys' || room === 'native/shim' || isTest) return;
  const names = room === 'native/napi' ? `${SOCKET_CALLS}|${OTHER_CALLS}` : SOCKET_CALLS;
  // Either the global `::send(` or a bare `send(`; `sys::send(` and `object.send(` are others.
  const call = new RegExp(`(?<![\\w.>~]|\\w::)(?:::)?\\b(${names})\\s*\\(`, 'g');
  for (const [, name = ''] of bareCode(text).matchAll(call)) say(`calls ${name}() itself`);
}

/** C++ without its comments and literals. */
function bareCode(text: string): string {
  return text.replace(
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g,
    (match) => (match.startsWith('/') ? ' ' : '""'),
  );
}

interface Import {
  specifier: string;
  /** Loaded with the module that names it: neither a type alone nor inside a function. */
  atOnce: boolean;
}

/** Static and dynamic imports, re-exports and require() calls with a literal. */
export function imports(text: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node, inFunction: boolean): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.importClause;
      const atOnce = clause?.phaseModifier !== ts.SyntaxKind.TypeKeyword;
      found.push({ specifier: node.moduleSpecifier.text, atOnce });
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      found.push({ specifier: node.moduleSpecifier.text, atOnce: !node.isTypeOnly });
    } else if (ts.isExternalModuleReference(node) && ts.isStringLiteralLike(node.expression)) {
      found.push({ specifier: node.expression.text, atOnce: true });
    } else if (ts.isCallExpression(node)) {
      const callee = node.expression;
      const [argument] = node.arguments;
      const loads =
        callee.kind === ts.SyntaxKind.ImportKeyword ||
        (ts.isIdentifier(callee) && /^(require|createRequire)/.test(callee.text)) ||
        callee.getText().startsWith('require.');
      if (loads && argument !== undefined && ts.isStringLiteralLike(argument)) {
        found.push({ specifier: argument.text, atOnce: !inFunction });
      }
    }
    const inner = inFunction || ts.isFunctionLike(node);
    ts.forEachChild(node, (child) => {
      visit(child, inner);
    });
  };
  visit(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true), false);
  return found;
}

/** Returns the files of this tree that are loaded with this one. */
function checkScript(
  path: string,
  text: string,
  files: Files,
  say: (what: string) => void,
): string[] {
  const needed: string[] = [];
  const isBinding = roomName(path) === 'lib/binding';
  const code = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  if (rank(path) < 0) say('belongs to no room');
  if (!isBinding && mentions(code, /^(dlopen|createRequire)$/)) say('loads an addon');
  for (const { specifier, atOnce } of imports(text)) {
    if (!isBinding && specifier.endsWith('.node')) say(`loads ${specifier}`);
    if (/^sockkit(\/|$)/.test(specifier)) say(`imports the package by its own name`);
    if (!specifier.startsWith('.')) {
      if (roomName(path) === 'lib/tables') say(`imports ${specifier}, but tables are pure data`);
      continue;
    }
    const target = source(posix.join(dirname(path), specifier), files);
    if (rank(target) < 0) continue;
    if (rank(target) > rank(path)) say(`imports ${target} of a room above`);
    if (roomName(target) === 'lib/binding' && roomName(path) !== 'lib' && !isBinding) {
      say(`imports ${target}, which is for lib alone`);
    }
    if (/^lib\/index\.m?ts$/.test(target) && rank(path) <= rank(target) && path.endsWith('.ts')) {
      say(`imports ${target} from within lib`);
    }
    if (atOnce) needed.push(target);
  }
  return needed;
}

function mentions(code: ts.SourceFile, name: RegExp): boolean {
  const visit = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && name.test(node.text)) || (ts.forEachChild(node, visit) ?? false);
  return visit(code);
}

/** The TypeScript file behind an import of its output. */
function source(path: string, files: Files): string {
  const written = path.replace(/\.(m?)js$/, '.$1ts');
  return (
    [written, `${written}x`, `${path}.ts`, `${path}/index.ts`].find((name) => files.has(name)) ??
    written
  );
}

function checkTest(path: string, text: string, say: (what: string) => void): void {
  if (path.startsWith('test/helpers/')) return;
  for (const { specifier } of imports(text)) {
    if (!specifier.startsWith('.')) continue;
    const target = posix.join(dirname(path), specifier);
    if (!target.startsWith('test/')) say(`reaches into ${target}`);
  }
}

function cycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) found.push([...trail.slice(seen), path]);
    if (seen >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

/** The files of the tree that the order of the rooms is about. */
export function readTree(root: string): Files {
  const files = new Map<string, string>();
  for (const folder of ['bin', 'lib', 'native', 'test']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/${entry}`;
      if (/\.(m?ts|tsx|cc|c|h|inc)$/.test(path))
        files.set(path, readFileSync(join(root, path), 'utf8'));
    }
  }
  return files;
}
