// Makes one file of each command in package.json's "bin": a command loads that file and the addon,
// and nothing else, before it does its work. Npm packages in it are files of their own beside it,
// loaded where they are used.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';
import license from 'rollup-plugin-license';
import { minify } from 'terser';
import ts from 'typescript';
import { root } from './run.mjs';

/** Licences that ask for no more than their text in the package. */
const LICENCES = [
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
];
const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(name);
const isRelative = (name) => name.startsWith('.');
const LAZY = 'lazy:';

/** The TypeScript behind an import of its output. */
function sourceOf(specifier, importer) {
  const file = resolve(dirname(importer), specifier.replace(/\.(m?)js$/, '.$1ts'));
  return existsSync(file) ? file : `${file}x`;
}

const isTypeScript = (file) => /\.tsx?$/.test(file);

/**
 * A command's file in bin/, in two parts: the module whose main() it imports, and what it does with
 * that. The latter is put behind the bundle's exports, which parts that main() loads may ask for.
 */
function commandOf(name) {
  const file = join(root, 'bin', `${name}.ts`);
  const form = /^#!.*\nimport \{ main \} from '(\S+)';\n\n([^]+)$/.exec(readFileSync(file, 'utf8'));
  if (form === null || /^import /m.test(form[2])) {
    throw new Error(`bin/${name}.ts may import { main } from one module, and then call it`);
  }
  return { entry: sourceOf(form[1], file), call: form[2].replaceAll(/\bmain\(/g, 'exports.main(') };
}

const compilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  jsx: ts.JsxEmit.ReactJSX,
  jsxImportSource: 'preact',
  sourceMap: true,
};

function transpile(file) {
  return ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions, fileName: file });
}

/** Whether loading the module loads an npm package at once. */
function needsPackage(file, seen = new Set()) {
  if (seen.has(file)) return false;
  seen.add(file);
  const { importedFiles } = ts.preProcessFile(transpile(file).outputText, true, false);
  return importedFiles.some(({ fileName }) =>
    isRelative(fileName) ? needsPackage(sourceOf(fileName, file), seen) : !isBuiltin(fileName),
  );
}

/** TypeScript to JavaScript, and each require() of it to what the bundler knows. */
function typescript(version) {
  return {
    name: 'typescript',
    resolveId(specifier, importer) {
      if (isBuiltin(specifier)) return { id: specifier, external: true };
      if (specifier.startsWith(LAZY)) return specifier;
      const ours = importer && isTypeScript(importer) && isRelative(specifier);
      return ours ? sourceOf(specifier, importer) : null;
    },
    async load(id) {
      if (!id.startsWith(LAZY)) return null;
      const name = id.slice(LAZY.length);
      const target = await this.resolve(name, join(root, 'package.json'));
      // What require() gives of a CommonJS module is its module.exports, which may be a function.
      const all = target.id.endsWith('?commonjs-es-import') ? 'all' : '* as all';
      return `import ${all} from ${JSON.stringify(name)}; export { all };`;
    },
    transform(_code, id) {
      if (id.startsWith(LAZY) || !isTypeScript(id)) return null;
      const { outputText, sourceMapText } = transpile(id);
      const imports = [];
      const code = outputText
        .replaceAll(/\/\/# sourceMappingURL=.*$/gm, '')
        .replaceAll(/\bSOCKKIT_VERSION\b/g, JSON.stringify(version))
        .replaceAll(/\brequire\(\s*'([^']+)'\s*\)/g, (all, specifier) => {
          if (isBuiltin(specifier)) return all;
          if (!isRelative(specifier)) return `import('${LAZY}${specifier}')`;
          const target = sourceOf(specifier, id);
          if (needsPackage(target)) return `import('${LAZY}${target}')`;
          imports.push(`import * as lazy${imports.length} from '${specifier}';`);
          return `lazy${imports.length - 1}`;
        });
      return { code: [code, ...imports].join('\n'), map: JSON.parse(sourceMapText) };
    },
    // As synchronous as in the source; an import() of the source stays a promise.
    renderDynamicImport: ({ targetModuleId }) =>
      targetModuleId?.startsWith(LAZY) ? { left: 'require(', right: ').all' } : null,
  };
}

/** Less to read and parse at each start. The names stay, for whoever reads a stack trace. */
const minifier = {
  name: 'minifier',
  async renderChunk(code, _chunk, { sourcemap }) {
    const { code: short, map } = await minify(code, {
      ecma: 2022,
      toplevel: true,
      keep_classnames: true,
      keep_fnames: true,
      // A function inside its only caller would be made anew at each call.
      compress: { passes: 2, reduce_funcs: false },
      // So that statements end with their lines.
      format: { comments: false, semicolons: false },
      sourceMap: sourcemap,
    });
    return { code: short, map };
  },
};

async function bundleCommand(name, version, { dir, sourcemap, onPackages }) {
  const { entry, call } = commandOf(name);
  const notices = license({
    thirdParty: {
      output: onPackages,
      allow: { test: `(${LICENCES.join(' OR ')})`, failOnUnlicensed: true, failOnViolation: true },
    },
  });
  const resolver = nodeResolve({ preferBuiltins: true, exportConditions: ['node'] });
  const build = await rollup({
    input: { [name]: entry },
    plugins: [typescript(version), json(), resolver, commonjs(), minifier, notices],
    treeshake: { moduleSideEffects: (id) => id.includes('/node_modules/') },
    onwarn: ({ code, message }) => {
      // A lazy module may use the one that loads it; cycles at loading are what test/rooms is about.
      // A comment of zod's that looks like one for a bundler is none.
      if (!['CIRCULAR_DEPENDENCY', 'INVALID_ANNOTATION'].includes(code)) throw new Error(message);
    },
  });
  const { output } = await build.write({
    dir,
    format: 'cjs',
    exports: 'named',
    strict: true,
    sourcemap,
    dynamicImportInCjs: false,
    // One of these in a chunk with others would be imported through a promise of its part of them.
    manualChunks: (id) => (id.startsWith(`${LAZY}/`) ? `load-${basename(id, '.ts')}` : undefined),
    onlyExplicitManualChunks: true,
    entryFileNames: '[name].js',
    chunkFileNames: (chunk) => `${name}-${chunkName(chunk)}.js`,
    banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
    footer: (chunk) => (chunk.isEntry ? call : ''),
  });
  await build.close();
  chmodSync(join(dir, `${name}.js`), 0o755);
  return output.map(({ fileName }) => fileName);
}

function chunkName({ name }) {
  const last = name
    .replace(/^lazy[:_]/, '')
    .split('/')
    .pop();
  return last.replaceAll(/[^\w-]+/g, '-');
}

/** The text of THIRD-PARTY-NOTICES. */
function noticesOf(packages) {
  const names = [...packages.keys()].sort();
  const texts = names.map((name) => {
    const { version, license: licence, licenseText, noticeText } = packages.get(name);
    if (!licenseText) throw new Error(`${name} has no licence text`);
    const text = [licenseText, noticeText].filter(Boolean).join('\n\n');
    return `${name} ${version} (${licence})\n\n${text.trim()}\n`;
  });
  const head =
    'The commands in dist/bin contain these packages, which are under licences of their own.\n';
  return [head, ...texts].join(`\n${'-'.repeat(80)}\n`);
}

/**
 * Writes the commands of package.json's "bin" into `dir`, and the licences of the packages that
 * they contain into THIRD-PARTY-NOTICES there. Resolves to the names of the files.
 */
export async function bundle({ dir = join(root, 'dist/bin'), sourcemap = false } = {}) {
  const { bin, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const packages = new Map();
  const onPackages = (found) => {
    for (const one of found) packages.set(one.name, one);
  };
  const files = [];
  for (const name of Object.keys(bin)) {
    files.push(...(await bundleCommand(name, version, { dir, sourcemap, onPackages })));
  }
  writeFileSync(join(dir, 'THIRD-PARTY-NOTICES'), noticesOf(packages));
  return files;
}
