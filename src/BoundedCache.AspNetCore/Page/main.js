// The page as a whole: loads the state, follows what happens, and passes it on.

import * as api from './api.js';
import { CacheCard } from './cache-card.js';
import { CachesTable } from './caches-table.js';
import { byId, element, setText } from './dom.js';
import { Feed } from './feed.js';
import { duration, time } from './format.js';
import { HistoryChart } from './history-chart.js';
import { showSamples, showShrinks } from './history-tables.js';
import { MemoryView } from './memory-view.js';
import { showChanges, showFacts, showService, showStatus } from './overview.js';
import { Timeline, windowOf } from './timeline.js';

const refreshMilliseconds = 5000;
const failuresToTell = 2;

const timeline = new Timeline();
const chart = new HistoryChart(timeline);
const memory = new MemoryView();
const table = new CachesTable((name) => shownWindow(name));
const feed = new Feed({
  onState: showConnection,
  onHistory: showHistory,
  onSample: showSample,
  onShrink: showShrink,
  onChange: showChange,
  onClockBack: load,
});
let cards = new Map();
let canChange = null;
let overview = null;
let oldSince = null;
/** When the caches' tables and the advice were loaded last, and how often that has failed since. */
let overviewAt = null;
let refreshFailures = 0;
let connection = ['connecting', 'Connecting', null];

/** Loads everything. */
async function load() {
  try {
    const [caches, history] = await Promise.all([api.getCaches(), api.getHistory()]);
    if (caches.service.instance !== history.service.instance) {
      return; // Another process answers than before: what is shown is loaded from that one.
    }

    byId('trouble').replaceChildren();
    feed.intervalMilliseconds = history.intervalMilliseconds;
    timeline.load(history);
    showOverview(caches);
    chart.update();
    feed.loaded(history);
    showShrinks(timeline);
    showChanges(timeline.changes);
    showTop();
  } catch (error) {
    showTrouble(error);
  }
}

async function refresh() {
  if (document.hidden) {
    return;
  }

  try {
    showOverview(await api.getCaches());
  } catch (error) {
    refreshFailures++;
    if (cards.size === 0) {
      showTrouble(error);
    } else {
      showConnection(...connection);
    }
  }
}

function showOverview(now) {
  overview = now;
  overviewAt = new Date();
  if (refreshFailures > 0) {
    refreshFailures = 0;
    showConnection(...connection);
  }

  byId('trouble').replaceChildren();
  byId('read-only').hidden = now.canChange;
  byId('report-collect').hidden = !now.canChange;
  showService(now.service);
  const known = canChange === now.canChange
    && now.caches.map((cache) => cache.name).join('\n') === [...cards.keys()].join('\n');
  if (known) {
    now.caches.forEach((cache) => cards.get(cache.name).update(cache));
    table.update(now.caches);
  } else {
    buildCards(now);
  }

  showTop();
}

function buildCards({ caches, canChange: mayChange }) {
  canChange = mayChange;
  cards = new Map(caches.map((cache, index) => [cache.name, new CacheCard(cache, index, canChange, refresh)]));
  byId('cards').replaceChildren(...[...cards.values()].map((card) => card.element));
  table.build(caches, cards);
  chart.declared = new Set(caches.filter((cache) => cache.sizing === 'declared').map((cache) => cache.name));
  const measured = caches.filter((cache) => cache.sizing !== 'declared');
  byId('chart-cache').replaceChildren(element('option', { value: '' }, 'all together'),
    ...measured.map((cache) => element('option', { value: cache.name }, cache.name)));
  byId('chart-cache-label').hidden = measured.length < 2;
  chart.cacheName = '';
  document.querySelectorAll('.as-of').forEach(markOld);
}

/** Another process answers than before: nothing of the dead one may stay on the page. */
function clear() {
  const first = timeline.samples[0];
  showNotice(`The service was restarted, or another process answers, at ${time(new Date())}. What belonged to the `
    + `earlier process${overview ? ` (PID ${overview.service.processId} on ${overview.service.machine})` : ''} was `
    + `cleared${first ? `, ${duration(timeline.samples.at(-1).seconds - first.seconds)} of history with it` : ''}.`);
  timeline.clear();
  chart.update();
  cards = new Map();
  canChange = null;
  overview = null;
  byId('confirm').close(); // What it asks about belonged to the other process.
  byId('cards').replaceChildren();
  table.build([], cards);
  byId('no-caches').hidden = true; // Whether this process has any is not known yet.
  showTop();
  showShrinks(timeline);
  showChanges([]);
  byId('facts').replaceChildren();
  byId('samples').open = false;
  memory.clear();
  feed.forget();
  load().then(() => memory.load());
}

function showSeveral() {
  showNotice('Several processes answer at this address, in turn. This page shows the one that is named at the top, and '
    + 'drops what the others answer. A change may reach any of them. Open the page of one process.');
}

function showNotice(text) {
  byId('other-process').hidden = false;
  setText(byId('other-process'), text);
}

/** What happened in the time that the chart shows: to one cache, or to all. */
function shownWindow(name) {
  const window = windowOf(chart.visibleSamples, name);
  return { ...window, span: window.seconds > 0 ? `the last ${duration(window.seconds)}` : 'no time yet' };
}

function showTop() {
  const sample = timeline.samples.at(-1);
  if (overview && sample) {
    showStatus(sample, overview, oldSince);
    showFacts(sample, overview, shownWindow(''));
  } else {
    showStatus(null, null, oldSince ?? '');
  }
}

function showSample(sample) {
  timeline.addSamples([sample]);
  chart.update();
  sample.caches.forEach((now) => cards.get(now.name)?.updateNow(now, now.hitRatio));
  table.update(sample.caches);
  showTop();
}

/** Shows what a poll brought, all at once. */
function showHistory({ samples, shrinks, changes }) {
  timeline.addSamples(samples);
  shrinks.forEach((shrink) => {
    timeline.addShrink(shrink);
    cards.get(shrink.cacheName)?.showShrink(shrink);
  });
  changes.forEach((change) => timeline.addChange(change));
  if (shrinks.length > 0) {
    showShrinks(timeline);
  }

  if (changes.length > 0) {
    showChanges(timeline.changes);
  }

  const now = samples.at(-1);
  if (now) {
    now.caches.forEach((cache) => cards.get(cache.name)?.updateNow(cache, cache.hitRatio));
    table.update(now.caches);
    showTop();
  }

  if (now || shrinks.length > 0) {
    chart.update();
  }
}

function showShrink(shrink) {
  timeline.addShrink(shrink);
  cards.get(shrink.cacheName)?.showShrink(shrink);
  chart.update();
  showShrinks(timeline);
}

function showChange(change) {
  timeline.addChange(change);
  showChanges(timeline.changes);
}

/**
 * The live stream may go on where all else fails: then the bar says how old the rest is.
 * @param since the time of the newest figure, if there is one
 */
function showConnection(state, text, since) {
  connection = [state, text, since];
  const lost = state === 'lost';
  const isPartly = !lost && refreshFailures >= failuresToTell && overviewAt;
  byId('connection').dataset.state = isPartly ? 'polling' : state;
  setText(byId('connection').querySelector('.text'),
    isPartly ? `${text.replace(/\.$/, '')}, but details and advice are as of ${time(overviewAt)}` : text);

  if ((oldSince !== null) === lost) {
    return;
  }

  oldSince = lost ? since ?? '' : null;
  document.body.classList.toggle('old', lost);
  document.querySelectorAll('.as-of').forEach(markOld);
  showTop();
  if (!lost) {
    refresh();
  }
}

function markOld(label) {
  label.hidden = oldSince === null;
  setText(label, oldSince ? `as of ${oldSince}` : '');
}

/** Shows an error once: an alert that is set again every few seconds would be read out as often. */
function showTrouble(error) {
  const text = error.message;
  if (byId('trouble').textContent.endsWith(text)) {
    return;
  }

  byId('trouble').replaceChildren(element('p', { class: 'notice bad' },
    element('strong', {}, error.title ?? 'Something failed'), ' ', text));
}

setText(byId('host'), location.host);
byId('chart-cache').addEventListener('change', (event) => {
  chart.cacheName = event.target.value;
  chart.update();
});
byId('span').addEventListener('change', (event) => {
  chart.spanSeconds = Number(event.target.value);
  chart.update();
  showTop();
});
byId('samples').addEventListener('toggle', (event) => event.target.open && showSamples(chart));

api.watchInstance(clear, showSeveral);
await load();
memory.load();
feed.start();
setInterval(refresh, refreshMilliseconds);
