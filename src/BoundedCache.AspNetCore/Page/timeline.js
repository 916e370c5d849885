// The page's copy of the past: samples and shrinks, oldest first, at most as many as a chart can show.

const mostSamples = 7200;
const mostShrinks = 200;

export class Timeline {
  samples = [];
  shrinks = [];

  load(history) {
    this.samples = history.samples.slice(-mostSamples).map(read);
    this.shrinks = [];
    history.shrinks.forEach((shrink) => this.addShrink(shrink));
  }

  addSample(sample) {
    const last = this.samples.at(-1);
    const added = read(sample);
    if (last && added.seconds <= last.seconds) {
      return; // The history that was just loaded had it already.
    }

    this.samples.push(added);
    if (this.samples.length > mostSamples) {
      this.samples.shift();
    }
  }

  addShrink(shrink) {
    if (this.shrinks.some((known) => known.time === shrink.time && known.cacheName === shrink.cacheName)) {
      return;
    }

    const number = (this.shrinks.at(-1)?.number ?? 0) + 1;
    this.shrinks.push({ ...shrink, seconds: Date.parse(shrink.time) / 1000, number });
    if (this.shrinks.length > mostShrinks) {
      this.shrinks.shift();
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
