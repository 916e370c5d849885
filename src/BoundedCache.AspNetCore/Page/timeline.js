// The page's copy of the past: samples, shrinks and changes, oldest first, at most as many as a chart can show.

const mostSamples = 7200;
/** Older samples are thinned where there are too many: of each minute the one with the highest RSS stays. */
const recentSeconds = 600;
const mostShrinks = 200;
const mostChanges = 500;

export class Timeline {
  samples = [];
  shrinks = [];
  changes = [];

  load(history) {
    this.clear();
    this.samples = history.samples.map(read);
    this.#thin();
    history.shrinks.forEach((shrink) => this.addShrink(shrink));
    history.changes.forEach((change) => this.addChange(change));
  }

  clear() {
    this.samples = [];
    this.shrinks = [];
    this.changes = [];
  }

  /** Adds samples in any order, of which some may be there already: stream and polls bring the same ones. */
  addSamples(samples) {
    const known = new Set(this.samples.map(({ seconds }) => seconds));
    const added = samples.map(read).filter(({ seconds }) => !known.has(seconds));
    const isLater = added.length === 1 && !(added[0].seconds < this.samples.at(-1)?.seconds);
    this.samples.push(...added);
    if (!isLater) {
      this.samples.sort((a, b) => a.seconds - b.seconds);
    }

    this.#thin();
  }

  #thin() {
    if (this.samples.length <= mostSamples) {
      return;
    }

    const from = this.samples.at(-1).seconds - recentSeconds;
    const minutes = new Map();
    for (const sample of this.samples.filter(({ seconds }) => seconds < from)) {
      const minute = Math.floor(sample.seconds / 60);
      const highest = minutes.get(minute);
      if (!highest || sample.residentBytes > highest.residentBytes) {
        minutes.set(minute, sample);
      }
    }

    this.samples = [...minutes.values(), ...this.samples.filter(({ seconds }) => seconds >= from)].slice(-mostSamples);
  }

  addShrink(shrink) {
    if (this.shrinks.some((known) => known.number === shrink.number)) {
      return;
    }

    const mark = (this.shrinks.at(-1)?.mark ?? 0) + 1;
    this.shrinks.push({ ...shrink, seconds: Date.parse(shrink.time) / 1000, mark });
    if (this.shrinks.length > mostShrinks) {
      this.shrinks.shift();
    }
  }

  /** A change comes twice: when it begins, and when it has ended. */
  addChange(change) {
    const known = this.changes.findIndex(({ number }) => number === change.number);
    if (known >= 0) {
      this.changes[known] = change;
      return;
    }

    this.changes.push(change);
    if (this.changes.length > mostChanges) {
      this.changes.shift();
    }
  }
}

const read = (sample) => ({ ...sample, seconds: Date.parse(sample.time) / 1000 });

/**
 * Used bytes and limit of several caches together. Caches with declared sizes count only if they are named: their units
 * may not be bytes.
 */
export function cacheTotals(sample, name, declared) {
  let used = 0;
  let max = 0;
  for (const cache of sample.caches) {
    if (name ? cache.name === name : !declared.has(cache.name)) {
      used += cache.usedBytes;
      max += cache.maxBytes;
    }
  }

  return { used, max };
}

/**
 * What happened between the first and the last of some samples: lookups and evictions.
 * @param name one cache, or '' for all
 */
export function windowOf(samples, name) {
  const first = samples[0];
  const last = samples.at(-1);
  const seconds = first && last ? last.seconds - first.seconds : 0;
  let hits = 0;
  let misses = 0;
  let evicted = 0;
  let counted = false;
  for (const now of last?.caches ?? []) {
    const before = first.caches.find((cache) => cache.name === now.name);
    if (before && (!name || now.name === name)) {
      evicted += now.evicted - before.evicted;
      counted ||= now.hits !== null;
      hits += (now.hits ?? 0) - (before.hits ?? 0);
      misses += (now.misses ?? 0) - (before.misses ?? 0);
    }
  }

  return {
    seconds,
    counted,
    hitRatio: hits + misses > 0 ? hits / (hits + misses) : null,
    evictionsPerSecond: seconds > 0 ? evicted / seconds : null,
  };
}
