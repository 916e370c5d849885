// What happens in the service, as it happens: the live stream, or polls of the history while there is none.
//
// Browsers allow six connections to a service over HTTP/1.1, for all tabs together, and a stream holds one. So hidden
// tabs have no stream, and of the visible ones at most two do; the others poll.

import * as api from './api.js';
import { time } from './format.js';
import { StreamShare } from './stream-share.js';

const firstWaitMilliseconds = 500;
const longestWaitMilliseconds = 15000;
const leastPollMilliseconds = 1000;
const oldAfterMilliseconds = 3000;
const lookMilliseconds = 250;
/** How much later than expected a sample may come. */
const patienceMilliseconds = 700;
/** A stream that polls overtook so often within a while is kept back by a proxy. */
const mostOvertaken = 2;
const overtakenMilliseconds = 15000;

export class Feed {
  #share = new StreamShare(() => this.#endStream('Two other tabs of this page have the live stream.'));
  #stream = null;
  #waitMilliseconds = firstWaitMilliseconds;
  #retryAt = 0;
  #interval = 1000;
  #lastSample = null;
  /** The time of a sample up to which nothing is missing; a poll asks for what came after. */
  #complete = null;
  #heardAt = performance.now();
  #sampledAt = performance.now();
  #failing = false;
  #polling = false;
  #polledAt = 0;
  #reloadedAt = -Infinity;
  #why = '';
  #state = 'connecting';

  /**
   * @param handlers onState(state, text, since); onSample(sample), onShrink(shrink) and onChange(change) for what the
   * stream brings; onHistory(history) for what a poll brings; onClockBack() where the service's clock went back
   */
  constructor(handlers) {
    this.handlers = handlers;
    document.addEventListener('visibilitychange', () => this.#look());
    addEventListener('pagehide', () => this.#endStream(''));
  }

  /** The expected time between samples. */
  set intervalMilliseconds(value) {
    this.#interval = value;
  }

  start() {
    setInterval(() => this.#look(), lookMilliseconds);
    this.#look();
  }

  /** The history was loaded: its last sample is the newest figure on the page. */
  loaded(history) {
    this.#lastSample = null;
    this.#noteHistory(history);
    this.#heard();
  }

  /** Another process answers: what was known of the dead one says nothing. */
  forget() {
    this.#lastSample = null;
    this.#complete = null;
    this.#endStream('');
    this.#retryAt = 0;
  }

  #look() {
    if (document.hidden) {
      this.#endStream('');
      return;
    }

    const now = performance.now();
    if (!this.#stream && now >= this.#retryAt) {
      this.#openStream();
    }

    const silent = !this.#isRecent(this.#interval);
    const behind = this.#stream?.live && !this.#stream.caughtUp;
    const isDue = now - this.#polledAt >= Math.max(leastPollMilliseconds, this.#interval);
    if ((silent || behind) && !this.#polling && isDue) {
      this.#poll();
    }

    const old = (this.#failing && now - this.#heardAt >= oldAfterMilliseconds)
      || now - this.#sampledAt > Math.max(oldAfterMilliseconds, 2.5 * this.#interval);
    this.#show(old);
  }

  #show(old) {
    const since = this.#lastSample ? time(this.#lastSample) : null;
    const streams = this.#stream?.live === true;
    const [state, text] = old ? ['lost', since ? `Connection lost. As of ${since}` : 'Connection lost']
      : streams ? ['live', 'Live']
        : this.#why ? ['polling', `Polling. ${this.#why}`]
          : this.#lastSample && this.#waitMilliseconds > firstWaitMilliseconds ? ['polling', 'Polling. No live stream.']
            : [this.#state === 'lost' ? 'connecting' : this.#state, 'Connecting'];
    this.#state = state;
    this.handlers.onState(state, state === 'connecting' ? 'Connecting' : text, since);
  }

  async #openStream() {
    const stream = { abort: new AbortController(), live: false };
    this.#stream = stream;
    if (!await this.#share.mayOpen()) {
      this.#retryLater(stream, 'Two other tabs of this page have the live stream.');
      return;
    }

    // A proxy that keeps events back sends nothing: the first event must come within a few seconds.
    const impatient = setTimeout(() => stream.live || stream.abort.abort(), 2 * oldAfterMilliseconds);
    try {
      await api.readStream(stream.abort.signal, (kind, data) => {
        if (this.#stream !== stream) {
          return;
        }

        if (kind === 'sample' && !stream.live) {
          stream.live = true;
          this.#polledAt = -Infinity; // What happened before it was open is asked for at once.
          this.#why = '';
          this.#waitMilliseconds = firstWaitMilliseconds;
          this.#share.hold();
        }

        this.#heard();
        this.#pass(kind, data);
        this.#look();
      });
      this.#retryLater(stream, '');
    } catch (error) {
      this.#retryLater(stream, error.status === 503 ? error.message : '');
    } finally {
      clearTimeout(impatient);
    }
  }

  #retryLater(stream, why) {
    if (this.#stream !== stream) {
      return;
    }

    this.#stream = null;
    this.#why = why;
    this.#share.letGo();
    this.#retryAt = performance.now() + this.#waitMilliseconds;
    this.#waitMilliseconds = Math.min(2 * this.#waitMilliseconds, longestWaitMilliseconds);
  }

  #endStream(why) {
    if (this.#stream) {
      const { abort } = this.#stream;
      this.#stream = null;
      this.#why = why;
      this.#share.letGo();
      this.#retryAt = why ? performance.now() + longestWaitMilliseconds : 0;
      abort.abort();
    }
  }

  async #poll() {
    this.#polling = true;
    this.#polledAt = performance.now();
    const stream = this.#stream?.live ? this.#stream : null;
    const caughtUp = stream?.caughtUp === true;
    try {
      const history = await api.getHistory(this.#complete);
      this.#heard();
      this.#noteOvertaken(caughtUp && history.samples.length > 0);
      if (stream) {
        stream.caughtUp = true;
      }

      this.#noteHistory(history);
      this.handlers.onHistory(history);
      if (history.samples.length === 0 && !this.#isRecent(2 * this.#interval)) {
        this.#clockWentBack(); // Or no samples are taken any more; the whole history is as good an answer.
      }
    } catch {
      this.#failing = true;
    } finally {
      this.#polling = false;
    }
  }

  #isRecent(milliseconds) {
    return performance.now() - this.#sampledAt <= milliseconds + patienceMilliseconds;
  }

  /** What is asked for since the last sample's time would leave out what comes. The history is loaded anew. */
  #clockWentBack() {
    const now = performance.now();
    if (now - this.#reloadedAt >= Math.max(oldAfterMilliseconds, this.#interval)) {
      this.#reloadedAt = now;
      this.handlers.onClockBack();
    }
  }

  #noteHistory({ samples }) {
    if (samples.length > 0) {
      this.#complete = samples.at(-1).time;
      this.#note(samples.at(-1));
    }
  }

  /** A poll brought samples that an open stream should have brought. */
  #noteOvertaken(byPoll) {
    if (!byPoll || !this.#stream?.live) {
      return;
    }

    const now = performance.now();
    this.#stream.overtaken = [...this.#stream.overtaken ?? [], now].filter((at) => now - at < overtakenMilliseconds);
    if (this.#stream.overtaken.length >= mostOvertaken) {
      this.#endStream('The live stream comes late: a proxy may keep it back.');
    }
  }

  #pass(kind, data) {
    if (kind === 'sample') {
      if (this.#lastSample && Date.parse(data.time) < Date.parse(this.#lastSample) - this.#interval) {
        this.#clockWentBack();
        return;
      }

      this.#note(data);
      if (this.#stream?.caughtUp) {
        this.#complete = data.time;
      }

      this.handlers.onSample(data);
    } else if (kind === 'shrink') {
      this.handlers.onShrink(data);
    } else if (kind === 'change') {
      this.handlers.onChange(data);
    }
  }

  #note(sample) {
    if (!this.#lastSample || Date.parse(sample.time) > Date.parse(this.#lastSample)) {
      this.#lastSample = sample.time;
    }

    this.#sampledAt = performance.now();
  }

  #heard() {
    this.#failing = false;
    this.#heardAt = performance.now();
  }
}
