// The admin API, by addresses relative to this page. Every failure becomes a Problem that can be shown as it is.

export class Problem extends Error {
  /** @param detail what went wrong and what was expected, in sentences */
  constructor(title, detail, status = 0) {
    super(detail);
    this.title = title;
    this.status = status;
  }
}

/** Another process than the one that the page shows has answered. */
class OtherProcess extends Problem {
  constructor(isDone) {
    super('Another process answered', 'Another process of the service answered than the one that this page shows'
      + `${isDone ? ', and did there what was asked for' : ''}. Open the page of one process.`);
  }
}

const pollMilliseconds = 300;
const answerMilliseconds = 15000;
const longMilliseconds = 120000;
const instanceHeader = 'BoundedCache-Instance';

/** Within this time of the last change of process another one is no restart: several processes answer in turn. */
const restartMilliseconds = 10000;
const mostTries = 4;
const retryMilliseconds = 50;

/** The process that the page shows. */
let instance = null;
let changedAt = -Infinity;
let several = false;
/** When each process that ever answered did so last. */
const heard = new Map();
let onOtherInstance = () => {};
let onSeveral = () => {};

/**
 * @param other called when another process answers, and the page shows that one from now on
 * @param severalAnswer called when several processes answer in turn; the page goes on to show one of them
 */
export function watchInstance(other, severalAnswer) {
  onOtherInstance = other;
  onSeveral = severalAnswer;
}

/**
 * The address of a cache. Names that clients or proxies change in a path (".", "..", "a/b", "a%2Fb") go into the
 * query.
 */
export function cachePath(name, rest = '', query = '') {
  const plain = /^[\w ~-][\w .~-]*$/.test(name) && name !== '-';
  const parameters = [plain ? '' : `name=${encodeURIComponent(name)}`, query].filter(Boolean).join('&');
  return `api/caches/${plain ? encodeURIComponent(name) : '-'}${rest}${parameters && `?${parameters}`}`;
}

export const getCaches = () => call('api/caches');
export const getHistory = (since) => call(`api/history${since ? `?since=${encodeURIComponent(since)}` : ''}`);
export const getMemory = () => call('api/memory', {}, longMilliseconds);
export const getContents = (name) => call(cachePath(name, '/contents'));
export const collectMemory = () => change('POST', 'api/memory', {});
export const previewLimit = (name, maxMemory, signal) =>
  call(cachePath(name, '/limit/preview', `maxMemory=${encodeURIComponent(maxMemory)}`), { signal });
export const compact = (name, share) => change('POST', cachePath(name, '/compact'), { share });
export const clear = (name) => change('POST', cachePath(name, '/clear'), {});

/**
 * Sets the limit and returns the report once the memory is released. Omit releaseMode for the cache's configured
 * mode.
 */
export const setLimit = (name, maxMemory, releaseMode, onProgress) => {
  const wanted = { maxMemory, ...(releaseMode && { releaseMode }) };
  return finish(change('PUT', cachePath(name, '/limit'), wanted, { Prefer: 'respond-async' }), onProgress);
};

export const release = (name, releaseMode, onProgress) =>
  finish(change('POST', cachePath(name, '/release'), { releaseMode }, { Prefer: 'respond-async' }), onProgress);

/**
 * Reads the live stream until it ends.
 * @param onEvent called with kind and data of every event
 */
export async function readStream(signal, onEvent) {
  const response = await fetch('api/stream',
    { cache: 'no-store', signal, headers: { Accept: 'text/event-stream' } });
  if (!response.ok) {
    throw await problemOf(response);
  }

  try {
    noteInstance(response, instance);
  } catch (error) {
    await response.body.cancel();
    throw error;
  }

  const mine = instance;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (true) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }

    heard.set(mine, performance.now());
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) {
      const lines = event.split('\n');
      const field = (name) => lines.filter((line) => line.startsWith(`${name}: `))
        .map((line) => line.slice(name.length + 2)).join('\n');
      onEvent(field('event'), JSON.parse(field('data')));
    }
  }
}

const change = (method, path, body, headers = {}) => call(
  path,
  { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } },
  longMilliseconds);

/** Asks again where another process answered a question than the one that the page shows. */
async function call(path, init = {}, patience = answerMilliseconds) {
  for (let tries = 1; ; tries++) {
    try {
      return await callOnce(path, init, patience);
    } catch (error) {
      if (!(error instanceof OtherProcess) || init.method || tries === mostTries) {
        throw error;
      }

      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
    }
  }
}

async function callOnce(path, init, patience) {
  const asked = instance;
  const timeout = AbortSignal.timeout(patience);
  try {
    const headers = { Accept: 'application/json', ...init.headers };
    const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    const response = await fetch(path, { cache: 'no-store', ...init, headers, signal });
    noteInstance(response, asked);
    if (!response.ok) {
      throw await problemOf(response);
    }

    return await response.json();
  } catch (error) {
    if (error instanceof Problem || init.signal?.aborted) {
      throw error;
    }

    throw timeout.aborted
      ? new Problem('No answer', `The service did not answer within ${patience / 1000} s. `
        + (init.method ? 'What was asked for may still be done: look before you ask again.'
          : 'It may be stopped or busy, or too many tabs of it may be open.'))
      : error instanceof SyntaxError
        ? new Problem('No answer', 'The service answered with something that is no JSON, or broke off in the middle.')
        : new Problem(
          'No answer', 'The service does not answer. It may have been stopped, or the network is down.');
  }
}

/**
 * Notices another process. An answer of the dead one that comes late is dropped. So is, where several answer in turn,
 * every answer of another than the one that the page shows, for as long as that one is heard.
 */
function noteInstance(response, asked) {
  const now = response.headers.get(instanceHeader);
  if (!now) {
    return;
  }

  const moment = performance.now();
  const wasHeard = heard.has(now);
  heard.set(now, moment);
  if (now === instance) {
    return;
  }

  if (instance === null) {
    instance = now;
    return;
  }

  if (asked !== instance && now === asked) {
    throw new Problem('Restarted', 'The service was restarted meanwhile.');
  }

  const isInTurn = wasHeard || moment - changedAt < restartMilliseconds;
  if (isInTurn && moment - heard.get(instance) < restartMilliseconds) {
    several = true;
    onSeveral();
    throw new OtherProcess(response.ok);
  }

  instance = now;
  changedAt = moment;
  onOtherInstance();
  if (several) {
    onSeveral();
  }
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy's or server's error page may not be a problem; the status must then suffice.
  }

  return new Problem(body.title || `Status ${response.status}`, body.detail || detailOf(response), response.status);
}

function detailOf(response) {
  const wait = response.headers.get('Retry-After');
  return response.status === 401 ? 'The service wants to know who you are. Load the page again to sign in.'
    : response.status === 403 ? 'You are not allowed to do this.'
      : `The service answered with status ${response.status}.${wait ? ` Try again in ${wait} s.` : ''}`;
}

/** Polls a shrink that was answered before it ended, until it ends. */
async function finish(started, onProgress) {
  let answer = await started;
  while (answer.state) {
    if (answer.state === 'completed') {
      return answer.report;
    }

    if (answer.state === 'failed') {
      throw new Problem('It failed', answer.error || 'The service says that it failed, and not why. Its log does.');
    }

    onProgress?.(answer);
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    answer = await call(`api/operations/${encodeURIComponent(answer.id)}`);
  }

  return answer;
}
