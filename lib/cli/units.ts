// Sizes, times and counts as they are written on a command line. Each parser gives the number, or
// a sentence that says what is wrong with the text.

const SIZE_UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

export interface Range {
  min?: number;
  max?: number;
}

/** `65536`, `64k`, `1M`, `2G`: bytes, in powers of 1024. */
export function parseSize(text: string, range: Range = {}): number | string {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  if (match === null) return `'${text}' is not a size; write 65536, 64k, 1M or 2G`;
  const bytes = Number(match[1]) * (SIZE_UNITS[(match[2] ?? '').toLowerCase()] ?? 1);
  return within(text, bytes, range, formatSize);
}

/** `5`, `5s`, `500ms`: a bare number is seconds. The result is whole milliseconds. */
export function parseTime(text: string, range: Range = {}): number | string {
  const match = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text);
  if (match === null) return `'${text}' is not a time; write 5, 5s or 500ms`;
  const exact = Number(match[1]) * (match[2] === 'ms' ? 1 : 1000);
  // 0 often means "for ever", so a short time must not become 0 by rounding.
  return within(text, Math.ceil(exact), range, formatTime);
}

/** A count in decimal digits. */
export function parseCount(text: string, range: Range = {}): number | string {
  if (!/^\d+$/.test(text)) return `'${text}' is not a number; write decimal digits`;
  return within(text, Number(text), range, String);
}

export function formatSize(bytes: number): string {
  for (const unit of ['G', 'M', 'k'] as const) {
    const size = SIZE_UNITS[unit.toLowerCase()] ?? 1;
    if (bytes > 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

export function formatTime(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

function within(
  text: string,
  value: number,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: Range,
  format: (value: number) => string,
): number | string {
  if (value < min) return `'${text}' is too small; the least is ${format(min)}`;
  if (value > max) return `'${text}' is too large; the most is ${format(max)}`;
  return value;
}
