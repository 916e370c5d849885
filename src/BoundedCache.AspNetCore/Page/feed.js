// The live stream and its state. It is opened again whenever it breaks or falls silent. Missed events are in the
// history, which the owner loads each time the stream opens.

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

  /** The expected interval of samples; after four intervals (at least 5 s) without one the stream counts as lost. */
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

  // The browser stops its own retries at the first error answer, such as a proxy's while the service restarts, so
  // they are not used.
  #reopen() {
    clearTimeout(this.#silence);
    this.#source.close();
    this.handlers.onState('lost');
    setTimeout(() => this.open(), this.#waitMilliseconds);
    this.#waitMilliseconds = Math.min(2 * this.#waitMilliseconds, longestWaitMilliseconds);
  }
}
