// The page as a whole: loads the state, follows the stream, and passes on its events.

import * as api from './api.js';
import { CacheCard } from './cache-card.js';
import { byId, element, setText } from './dom.js';
import { Feed } from './feed.js';
import { sizeOf, time } from './format.js';
import { HistoryChart } from './history-chart.js';
import { showSamples, showShrinks } from './history-tables.js';
import { MemoryView } from './memory-view.js';
import { Timeline } from './timeline.js';

const refreshMilliseconds = 5000;

const timeline = new Timeline();
const chart = new HistoryChart(timeline);
const memory = new MemoryView();
const feed = new Feed({ onState: showConnection, onOpen: load, onSample: showSample, onShrink: showShrink });
let cards = new Map();
let canChange = null;

/** Loads everything again: at the start, and each time the stream opens again, perhaps to another process. */
async function load() {
  try {
    const [overview, history] = await Promise.all([api.getCaches(), api.getHistory()]);
    byId('trouble').replaceChildren();
    feed.intervalMilliseconds = overview.sampleIntervalMilliseconds;
    showOverview(overview);
    timeline.load(history);
    chart.update();
    showShrinks(timeline, sizeOfCache);
  } catch (error) {
    showTrouble(error);
  }
}

async function refresh() {
  try {
    showOverview(await api.getCaches());
  } catch (error) {
    showTrouble(error);
  }
}

function showOverview(overview) {
  byId('trouble').replaceChildren();
  byId('read-only').hidden = overview.canChange;
  byId('report-collect').hidden = !overview.canChange;
  const known = canChange === overview.canChange
    && overview.caches.map((cache) => cache.name).join('\n') === [...cards.keys()].join('\n');
  if (known) {
    overview.caches.forEach((cache) => cards.get(cache.name).update(cache));
  } else {
    buildCards(overview);
  }
}

function buildCards(overview) {
  canChange = overview.canChange;
  cards = new Map(overview.caches.map((cache, index) => [cache.name, new CacheCard(cache, index, canChange, refresh)]));
  byId('caches').replaceChildren(...[...cards.values()].map((card) => card.element));
  if (cards.size === 0) {
    byId('caches').append(element('p', { class: 'empty' },
      'There is no cache: none is registered with AddBoundedMemoryCache.'));
  }

  chart.declared = new Set(overview.caches.filter((cache) => cache.sizing === 'declared').map((cache) => cache.name));
  const measured = overview.caches.filter((cache) => cache.sizing !== 'declared');
  byId('chart-cache').replaceChildren(element('option', { value: '' }, 'all together'),
    ...measured.map((cache) => element('option', { value: cache.name }, cache.name)));
  byId('chart-cache-label').hidden = measured.length < 2;
  chart.cacheName = '';
}

const sizeOfCache = (name) => cards.has(name) ? sizeOf(cards.get(name).cache) : null;

function showSample(sample) {
  timeline.addSample(sample);
  sample.caches.forEach((now) => cards.get(now.name)?.updateNow(now, now.hitRatio));
  chart.update();
}

function showShrink(shrink) {
  timeline.addShrink(shrink);
  cards.get(shrink.cacheName)?.showShrink(shrink);
  chart.update();
  showShrinks(timeline, sizeOfCache);
}

function showConnection(state) {
  const texts = {
    connecting: 'Connecting',
    live: 'Live',
    lost: `Connection lost at ${time(new Date())}, trying again`,
  };
  const connection = byId('connection');
  if (connection.dataset.state !== state) {
    connection.dataset.state = state;
    setText(connection.querySelector('.text'), texts[state]);
  }
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
document.title = `Caches of ${location.host}`;
byId('chart-cache').addEventListener('change', (event) => {
  chart.cacheName = event.target.value;
  chart.update();
});
byId('span').addEventListener('change', (event) => {
  chart.spanSeconds = Number(event.target.value);
  chart.update();
});
byId('samples').addEventListener('toggle', (event) => event.target.open && showSamples(chart));

await load();
memory.load();
feed.open();
setInterval(refresh, refreshMilliseconds);
