// The live stream, and whether it flows. It is opened anew whenever it breaks or falls silent; what was missed
// meanwhile is in the history, which the owner loads each time the stream opens.

const firstWaitMilliseconds = 500;
const longestWaitMilliseconds = 8000;

export class Feed {
  #source = null;
  #waitMilliseconds = firstWaitMilliseconds;
  #silence = 0;
  #silenceMilliseconds = 10000;

  /** @param handlers onState('connecting' | 'live' | 'lost'), onOpen(), onSample(sample), onShrink(shrink) */
  constructor(handlers) {
    this.handlers = handlers;
  }

  /** How often samples should come; four that stay away mean that nobody is there. */
  set intervalMilliseconds(value) {
    this.#silenceMilliseconds = Math.max(5000, 4 * value);
  }

  open() {
    const source = new EventSource('api/stream');
    this.#source = source;
    this.#listen();
    source.onopen = () => {
      this.#listen();
      this.handlers.onOpen();
    };
    source.onerror = () => this.#reopen();
    source.addEventListener('sample', (event) => {
      this.#waitMilliseconds = firstWaitMilliseconds;
      this.#listen();
      this.handlers.onState('live');
      this.handlers.onSample(JSON.parse(event.data));
    });
    source.addEventListener('shrink', (event) => this.handlers.onShrink(JSON.parse(event.data)));
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#reopen(), this.#silenceMilliseconds);
  }

  // The browser's own retries end at the first answer that is an error, as a proxy's while the service restarts, so
  // they are not used.
  #reopen() {
    clearTimeout(this.#silence);
    this.#source.close();
    this.handlers.onState('lost');
    setTimeout(() => this.open(), this.#waitMilliseconds);
    this.#waitMilliseconds = Math.min(2 * this.#waitMilliseconds, longestWaitMilliseconds);
  }
}
