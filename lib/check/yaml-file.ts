// YAML that people write. Every complaint names the file and the line.
import { readFileSync } from 'node:fs';
import { isMap, isNode, isPair, LineCounter, parseDocument, type Document } from 'yaml';
import type { core, ZodType } from 'zod';
import { Refusal } from './refusal.js';
import { visibleLine } from './visible.js';

export interface YamlFile<T> {
  file: string;
  value: T;
  /** `class.yaml:12` for a value in it. */
  place: (path: readonly PropertyKey[]) => string;
}

/**
 * Reads a file and checks it.
 * @throws Refusal with the first few things that are wrong, a line for each
 */
export function readYaml<T>(file: string, schema: ZodType<T>): YamlFile<T> {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  const [error] = document.errors;
  if (error !== undefined) throw new Refusal(`${at(error.pos[0])}: ${firstLine(error.message)}`);
  const place = (path: readonly PropertyKey[]) => at(offsetOf(document, path));
  const read = schema.safeParse(toObject(document, file));
  if (read.success) return { file, value: read.data, place };
  const complaints = read.error.issues.flatMap((issue) => complaintsOf(issue, place));
  throw new Refusal([...new Set(complaints)].slice(0, 5).join('\n'));
}

function toObject(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new Refusal(`${file}: ${firstLine(String(error))}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const why = code === 'ENOENT' ? 'there is no such file' : code;
    throw new Refusal(`${file}: ${why}`);
  }
}

function complaintsOf(
  issue: core.$ZodIssue,
  place: (path: readonly PropertyKey[]) => string,
): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return `${place(path)}: '${nameOf(path)}' is not known here`;
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // Of several shapes, the one that came nearest: whose complaint lies deepest.
    const depth = (errors: core.$ZodIssue[]) => Math.max(...errors.map((e) => e.path.length));
    const nearest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
    if (depth(nearest) > 0) {
      return nearest.flatMap((inner) =>
        complaintsOf({ ...inner, path: [...issue.path, ...inner.path] }, place),
      );
    }
  }
  const name = nameOf(issue.path);
  const text = issue.message.replace(/^Invalid input: /, '').replace(/^./, (c) => c.toLowerCase());
  return [`${place(issue.path)}: ${name === '' ? '' : `${name}: `}${visibleLine(text)}`];
}

function nameOf(path: readonly PropertyKey[]): string {
  return visibleLine(path.map(String).join('.'));
}

/** Where the value is; the value around it where it is missing. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true) ?? document.contents;
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && String(isNode(item.key) ? item.key.toJSON() : item.key) === last,
      );
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return 0;
}

function firstLine(text: string): string {
  return visibleLine(text.split('\n')[0] ?? '').replace(/^Error: /, '');
}
