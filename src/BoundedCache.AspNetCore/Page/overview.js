// The top of the page: whether memory is fine, in words, and the figures that one looks for first.

import { byId, element, setText } from './dom.js';
import { bytes, countOf, duration, entries, percent, perSecond, sizeOf, time } from './format.js';

/** From this share of a limit on, the process is close to it. */
const close = 0.9;
/** From this share on, it is near it. */
const near = 0.8;

/** The limit that would end the process, or that the machine has. */
export function limitOf(room) {
  return room.containerBytes ? ['the container', room.containerBytes]
    : room.machineBytes ? ['the machine', room.machineBytes] : null;
}

/**
 * The limit of which most is used, by this process and all others under it: [whose, limit, used]. Where what the others
 * use is not known, this process's RSS counts alone.
 */
function useOf(room, resident) {
  const { tightest } = room;
  const limit = limitOf(room);
  return tightest
    ? [`the ${tightest.kind}`, tightest.limitBytes, Math.max(tightest.usedBytes, resident ?? 0)]
    : limit && resident !== null ? [...limit, resident] : null;
}

/**
 * Says whether memory is fine, and why not.
 * @returns [tone, word, sentence]
 */
export function judge(sample, overview) {
  const use = useOf(overview.room, sample.residentBytes);
  const stopped = overview.caches.find((cache) => cache.pressure?.isStopped);
  const yielding = sample.caches.filter((cache) => (cache.effectiveMaxBytes ?? cache.maxBytes) < cache.maxBytes);
  const resident = sample.residentBytes;
  const heap = overview.room.heapLimitBytes;
  const parts = use && `${bytes(use[2])} of ${bytes(use[1])} are in use (${percent(use[2] / use[1])}), `
    + `${resident === null ? 'how much by this process is not known' : `${bytes(resident)} by this process`}.`;
  if (use && use[2] > close * use[1]) {
    return ['bad', `Close to ${use[0]}’s limit`,
      `${parts} Lower a cache’s limit, or look below at where the memory is.`];
  }

  if (heap && sample.committedBytes > close * heap) {
    return ['bad', 'Close to the heap’s hard limit', `The heap has committed ${bytes(sample.committedBytes)} of `
      + `${bytes(heap)}. At the limit the runtime ends the process. Lower a cache’s limit.`];
  }

  if (stopped) {
    return ['bad', 'Under memory pressure, and evicting does not help',
      `“${stopped.name}”: ${stopped.pressure.text}`];
  }

  if (yielding.length > 0) {
    const most = yielding.reduce((a, b) => a.effectiveMaxBytes / a.maxBytes < b.effectiveMaxBytes / b.maxBytes ? a : b);
    const others = yielding.length === 1 ? '' : `${yielding.length} caches may hold less than their limits; `;
    const listed = overview.caches.find(({ name }) => name === most.name);
    const size = sizeOf(listed ?? most);
    return ['warn', 'Under memory pressure', `${others}“${most.name}” may for now hold `
      + `${size(most.effectiveMaxBytes)} of ${size(most.maxBytes)}. ${listed?.pressure?.text ?? ''}`.trim()];
  }

  if (overview.advice) {
    return ['warn', 'Limits that do not fit', overview.advice];
  }

  if (resident === null) {
    return ['none', 'RSS is not known here', 'The operating system does not tell it to this process.'];
  }

  if (use && use[2] > near * use[1]) {
    return ['warn', `Near ${use[0]}’s limit`, parts];
  }

  return use ? ['good', 'Fine', parts]
    : ['good', 'Fine', `RSS is ${bytes(resident)}; no limit of the process is known.`];
}

export function showStatus(sample, overview, oldSince) {
  const [tone, word, text] = oldSince !== null
    ? ['none', 'Not known', oldSince ? `no figures since ${oldSince}.` : 'no figures yet.']
    : judge(sample, overview);
  const status = byId('status');
  status.dataset.tone = tone;
  // Figures change every second; a screen reader is told only when the judgement changes.
  setText(byId('judgement'), word);
  setText(status.querySelector('.text'), `${word}: ${text}`);
}

export function showService(service) {
  setText(byId('service'), service.name);
  document.title = `Caches of ${service.name}`;
  const version = service.version ? `${service.version} · ` : '';
  setText(byId('host'),
    `${version}${location.host} · PID ${service.processId} on ${service.machine} · BoundedCache`);
}

/** @param shown hit ratio and evictions a second over the shown window, or null */
export function showFacts(sample, overview, shown) {
  const limit = limitOf(overview.room);
  const measured = overview.caches.filter((cache) => cache.sizing !== 'declared').map((cache) => cache.name);
  const now = sample.caches.filter((cache) => measured.includes(cache.name));
  const sum = (read) => now.reduce((total, cache) => total + read(cache), 0);
  const effective = sum((cache) => cache.effectiveMaxBytes ?? cache.maxBytes);
  const max = sum((cache) => cache.maxBytes);
  const started = Date.parse(overview.service.started);
  const facts = [
    ['Uptime', duration((Date.parse(sample.time) - started) / 1000), `since ${dayAndTime(started)}`],
    ['RSS', sample.residentBytes === null ? 'unknown' : bytes(sample.residentBytes),
      limit ? `of ${limit[0]}’s ${bytes(limit[1])}` : 'no limit known'],
    ['Caches', bytes(sum((cache) => cache.usedBytes)), effective < max
      ? `may hold ${bytes(effective)} now, of ${bytes(max)}` : `of limits of ${bytes(max)}`],
    ['Hit ratio', shown.counted ? percent(shown.hitRatio) : 'not counted', `over ${shown.span}`],
    ['Evictions', perSecond(shown.evictionsPerSecond), `over ${shown.span}`],
  ];
  const host = byId('facts');
  if (host.childElementCount !== facts.length) {
    host.replaceChildren(...facts.map(([name]) => element('div', {}, element('dt', {}, name),
      element('dd', { class: 'value' }), element('dd', { class: 'of' }))));
  }

  facts.forEach(([, value, of], index) => {
    setText(host.children[index].querySelector('.value'), value);
    setText(host.children[index].querySelector('.of'), of);
  });
}

const mostChanges = 50;

export function showChanges(changes) {
  setText(byId('change-count'), countOf(changes.length, mostChanges));
  byId('changes-region').hidden = changes.length === 0;
  byId('no-changes').hidden = changes.length > 0;
  byId('changes').replaceChildren(...changes.slice(-mostChanges).reverse().map(changeRow));
}

/** The roles are given because narrow windows lay a row out as lines, which would take them away. */
function changeRow(change) {
  const cell = (name, text) => element('td', { role: 'cell', class: name }, text);
  return element('tr', { role: 'row' },
    element('th', { scope: 'row', role: 'rowheader' }, element('time', { datetime: change.time }, time(change.time))),
    cell('of', change.cacheName ?? 'all'),
    cell('what', sentenceOf(change)),
    cell('by', change.who),
    cell('outcome-of', outcomes[change.outcome] ?? change.outcome ?? 'under way'));
}

const outcomes = {
  done: 'done',
  released: 'released',
  partial: 'partly released',
  skipped: 'not released',
  notRequested: 'memory kept',
  unknown: 'not known',
  failed: 'failed',
};

function sentenceOf(change) {
  const size = sizeOf(change);
  const removed = `${entries(change.entriesRemoved ?? 0)} removed, ${size(change.bytesRemoved ?? 0)}`;
  return change.kind === 'limit' ? `Limit ${size(change.oldMaxBytes)} → ${size(change.newMaxBytes)}`
    : change.kind === 'release' ? 'Memory released'
      : change.kind === 'compact' ? `Compacted: ${removed}`
        : change.kind === 'clear' ? `Cleared: ${removed}`
          : 'Garbage collected for a report';
}

function dayAndTime(moment) {
  const date = new Date(moment);
  return date.toDateString() === new Date().toDateString() ? time(date)
    : `${date.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })}, ${time(date).slice(0, 5)}`;
}
