// Ports on a command line are decimal digits, nothing else.

/** The port, or a sentence that says what is wrong with the text. */
export function parsePort(text: string, least: 0 | 1): number | string {
  if (text === '') return 'the port is empty';
  if (!/^\d+$/.test(text)) return `port '${text}' ${whyNot(text)}`;
  const port = Number(text);
  if (port > 65535) return `port '${text}' is too large; the most is 65535`;
  if (port < least) return `port '${text}' cannot be connected to; the least is 1`;
  return port;
}

function whyNot(text: string): string {
  if (/^-\d+$/.test(text)) return 'is negative; ports go from 0 to 65535';
  if (/^[+-]?\d*\.\d+$/.test(text)) return 'is not a whole number';
  if (/^0[xob][0-9a-f]+$/i.test(text)) {
    return `is not in decimal digits; did you mean ${Number(text)}?`;
  }
  return 'is not a number; write decimal digits, such as 5000';
}
