// Agrees with the other tabs of this page which of them hold a live stream: at most two, the oldest ones.

const most = 2;
const answerMilliseconds = 150;
const forgetMilliseconds = 5000;
const tellMilliseconds = 2000;

export class StreamShare {
  #channel = new BroadcastChannel(`boundedcache-stream ${location.pathname}`);
  #me = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  #since = 0;
  #holders = new Map();

  /** @param onTooMany called when this tab holds a stream and two older ones do too */
  constructor(onTooMany) {
    this.onTooMany = onTooMany;
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    setInterval(() => this.#since && this.#tell(), tellMilliseconds);
  }

  async mayOpen() {
    this.#channel.postMessage({ kind: 'ask' });
    await new Promise((resolve) => setTimeout(resolve, answerMilliseconds));
    return this.#others().length < most;
  }

  hold() {
    if (!this.#since) {
      this.#since = Date.now();
      this.#tell();
    }
  }

  letGo() {
    if (this.#since) {
      this.#since = 0;
      this.#channel.postMessage({ kind: 'gone', id: this.#me });
    }
  }

  #tell() {
    this.#channel.postMessage({ kind: 'hold', id: this.#me, since: this.#since });
  }

  #others() {
    return [...this.#holders.values()].filter(({ heard }) => Date.now() - heard < forgetMilliseconds);
  }

  #hear({ kind, id, since }) {
    if (kind === 'ask') {
      if (this.#since) {
        this.#tell();
      }
    } else if (kind === 'gone') {
      this.#holders.delete(id);
    } else {
      this.#holders.set(id, { id, since, heard: Date.now() });
      const older = this.#others()
        .filter((other) => other.since < this.#since || (other.since === this.#since && other.id < this.#me));
      if (this.#since && older.length >= most) {
        this.letGo();
        this.onTooMany();
      }
    }
  }
}
