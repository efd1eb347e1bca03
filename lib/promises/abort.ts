type Told = () => void;

// One listener for each signal, however many calls it is given to: from the eleventh on, Node would
// warn of a leak.
const followers = new WeakMap<AbortSignal, Set<Told>>();

function tellAll(event: Event): void {
  const signal = event.target as AbortSignal;
  const all = followers.get(signal) ?? [];
  followers.delete(signal);
  for (const tell of all) tell();
}

export function follow(signal: AbortSignal, tell: Told): void {
  let all = followers.get(signal);
  if (all === undefined) {
    followers.set(signal, (all = new Set()));
    signal.addEventListener('abort', tellAll, { once: true });
  }
  all.add(tell);
}

export function unfollow(signal: AbortSignal, tell: Told): void {
  const all = followers.get(signal);
  if (all?.delete(tell) !== true || all.size > 0) return;
  followers.delete(signal);
  signal.removeEventListener('abort', tellAll);
}
