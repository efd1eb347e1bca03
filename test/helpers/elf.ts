// What an ELF file of 64 bits, little-endian, says of how it is protected when it is loaded.
import * as fs from 'node:fs';

const PT_DYNAMIC = 2;
const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const PT_GNU_RELRO = 0x6474e552;
const [DT_STRTAB, DT_SYMTAB, DT_TEXTREL, DT_STRSZ] = [5n, 6n, 22n, 10n];
const [DT_FLAGS, DT_FLAGS_1] = [30n, 0x6ffffffbn];

export interface Protection {
  executableStack: boolean;
  /** The table of addresses is read-only once the file is loaded, and filled in before that. */
  fullRelro: boolean;
  textRelocations: boolean;
  /** The names that it takes from libraries. */
  imports: string[];
}

interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  size: number;
}

export function protectionOf(file: string): Protection {
  const bytes = fs.readFileSync(file);
  if (bytes.toString('latin1', 0, 6) !== '\x7fELF\x02\x01')
    throw new Error(`${file}: not such a file`);
  const segments = readSegments(bytes);
  const find = (type: number) => segments.find((segment) => segment.type === type);
  const dynamic = readDynamic(bytes, find(PT_DYNAMIC));
  const now =
    ((dynamic.get(DT_FLAGS) ?? 0n) & 8n) !== 0n || ((dynamic.get(DT_FLAGS_1) ?? 0n) & 1n) !== 0n;
  const stack = find(PT_GNU_STACK);
  return {
    executableStack: stack === undefined || (stack.flags & 1) !== 0,
    fullRelro: find(PT_GNU_RELRO) !== undefined && now,
    textRelocations: dynamic.has(DT_TEXTREL) || ((dynamic.get(DT_FLAGS) ?? 0n) & 4n) !== 0n,
    imports: readImports(bytes, segments, dynamic),
  };
}

function readSegments(bytes: Buffer): Segment[] {
  const start = Number(bytes.readBigUInt64LE(32));
  const [size, count] = [bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    return {
      type: bytes.readUInt32LE(at),
      flags: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: Number(bytes.readBigUInt64LE(at + 16)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
}

function readDynamic(bytes: Buffer, segment: Segment | undefined): Map<bigint, bigint> {
  const entries = new Map<bigint, bigint>();
  if (segment === undefined) return entries;
  for (let at = segment.offset; at < segment.offset + segment.size; at += 16) {
    const tag = bytes.readBigUInt64LE(at);
    if (tag === 0n) break;
    entries.set(tag, bytes.readBigUInt64LE(at + 8));
  }
  return entries;
}

/** The symbols' table ends where their names begin, as every linker has it. */
function readImports(bytes: Buffer, segments: Segment[], dynamic: Map<bigint, bigint>): string[] {
  const place = (tag: bigint) => {
    const address = Number(dynamic.get(tag) ?? 0n);
    const segment = segments.find(
      (it) => it.type === PT_LOAD && address >= it.address && address < it.address + it.size,
    );
    if (segment === undefined) throw new Error('no table of symbols');
    return address - segment.address + segment.offset;
  };
  const [symbols, names] = [place(DT_SYMTAB), place(DT_STRTAB)];
  const namesEnd = names + Number(dynamic.get(DT_STRSZ) ?? 0n);
  const imports: string[] = [];
  for (let at = symbols + 24; at + 24 <= names; at += 24) {
    const name = names + bytes.readUInt32LE(at);
    // Symbols of section 0 are those that another library defines.
    if (bytes.readUInt16LE(at + 6) !== 0 || name >= namesEnd) continue;
    imports.push(bytes.toString('latin1', name, bytes.indexOf(0, name)));
  }
  return imports;
}

export function expectHardened(file: string): void {
  const { imports, ...protection } = protectionOf(file);
  expect(protection).toEqual({
    executableStack: false,
    fullRelro: true,
    textRelocations: false,
  });
  // -fstack-protector-strong, and _FORTIFY_SOURCE, which is of glibc.
  expect(imports).toContain('__stack_chk_fail');
  expect(imports).toContain('__snprintf_chk');
}
