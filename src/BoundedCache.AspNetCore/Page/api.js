// The admin API, by addresses relative to this page. Every failure becomes a Problem that can be shown as it is.

export class Problem extends Error {
  /** @param detail what went wrong and what was expected, in sentences */
  constructor(title, detail) {
    super(detail);
    this.title = title;
  }
}

const pollMilliseconds = 300;
const cachePath = (name, rest = '') => `api/caches/${encodeURIComponent(name)}${rest}`;

export const getCaches = () => call('api/caches');
export const getHistory = () => call('api/history');
export const getMemory = () => call('api/memory');
export const collectMemory = () => change('POST', 'api/memory', {});
export const previewLimit = (name, maxMemory, signal) =>
  call(cachePath(name, `/limit/preview?maxMemory=${encodeURIComponent(maxMemory)}`), { signal });
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

const change = (method, path, body, headers = {}) =>
  call(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });

async function call(path, init = {}) {
  let response;
  try {
    const headers = { Accept: 'application/json', ...init.headers };
    response = await fetch(path, { cache: 'no-store', ...init, headers });
  } catch (error) {
    if (error.name === 'AbortError') {
      throw error;
    }

    throw new Problem('No answer', 'The service does not answer. It may have been stopped, or the network is down.');
  }

  if (!response.ok) {
    throw await problemOf(response);
  }

  try {
    return await response.json();
  } catch {
    throw new Problem('No answer', 'The service answered with something that is no JSON, or broke off in the middle.');
  }
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy's or server's error page may not be a problem; the status must then suffice.
  }

  return new Problem(body.title || `Status ${response.status}`, body.detail || detailOf(response));
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
