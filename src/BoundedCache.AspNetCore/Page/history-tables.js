// The chart's tables: its samples for readers who cannot see it, and the shrinks behind its numbered marks.

import { byId, element, setText } from './dom.js';
import { countOf, time } from './format.js';
import { shrinkView } from './shrink-view.js';

const mostRows = 20;
const mostShrinks = 20;

/** Filled when it is opened, and not updated afterwards: a table that changes cannot be read. */
export function showSamples(chart) {
  const rows = chart.rows(mostRows);
  byId('samples-table').replaceChildren(element('table', {},
    element('caption', {}, `As of ${time(new Date())}, newest first. Close and open it to see newer ones.`),
    element('thead', {}, element('tr', {},
      ...['Time', ...chart.columns].map((name) => element('th', { scope: 'col' }, name)))),
    element('tbody', {}, ...rows.map(([moment, ...values]) => element('tr', {},
      element('th', { scope: 'row' }, moment), ...values.map((value) => element('td', {}, value)))))));
}

export function showShrinks(timeline) {
  const shown = timeline.shrinks.slice(-mostShrinks).reverse();
  setText(byId('shrink-count'), countOf(timeline.shrinks.length, mostShrinks));
  byId('no-shrinks').hidden = shown.length > 0;
  byId('shrink-list').replaceChildren(...shown.map((shrink) => element('li', {},
    element('p', { class: 'shrink-head' },
      element('span', { class: 'mark', 'aria-label': `Mark ${shrink.mark}`, role: 'img' }, String(shrink.mark)),
      element('strong', {}, shrink.cacheName), ' ', element('time', { datetime: shrink.time }, time(shrink.time))),
    shrinkView(shrink))));
}
