// Medians, and how a comparison is summed up and printed.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Of rounds of `{ subject, peer }`, both in the same unit and more being better: the medians, and
 * the median, least and greatest of the ratios within a round.
 */
export function compare(rounds) {
  const ratios = rounds.map(({ subject, peer }) => subject / peer);
  return {
    subject: median(rounds.map(({ subject }) => subject)),
    peer: median(rounds.map(({ peer }) => peer)),
    ratio: median(ratios),
    least: Math.min(...ratios),
    most: Math.max(...ratios),
    rounds,
  };
}

const WIDTHS = [34, 10, 10, 7, 16, 6, 6];

function printRow(cells) {
  const padded = cells.map((cell, i) =>
    (i === 0 ? cell.padEnd : cell.padStart).call(cell, WIDTHS[i]),
  );
  console.log(`  ${padded.join('  ')}`);
}

export function printHeading(subject, unit) {
  printRow(['peer', subject, 'peer', 'ratio', 'spread', 'must', 'aim']);
  printRow(['', unit, unit, '', '', '', '']);
}

export function printComparison(peer, result, digits) {
  const target = (value) => value?.toFixed(2) ?? '';
  printRow([
    peer.name,
    result.subject.toFixed(digits),
    result.peer.toFixed(digits),
    result.ratio.toFixed(2),
    `${result.least.toFixed(2)} .. ${result.most.toFixed(2)}`,
    target(peer.must),
    target(peer.aim),
  ]);
}
