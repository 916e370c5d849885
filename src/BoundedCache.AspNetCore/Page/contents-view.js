// What a cache holds, largest first: the types of its values, and the prefixes of its keys where that is allowed.

import * as api from './api.js';
import { element } from './dom.js';
import { about, count, percent, time } from './format.js';

export async function showContents(card) {
  const body = card.find('.contents-body');
  body.replaceChildren(element('p', { class: 'muted' }, 'Looking.'));
  try {
    const contents = await api.getContents(card.name);
    body.replaceChildren(
      element('p', { class: 'muted' }, howItWasTaken(contents)),
      ...contents.types.length > 0 ? [shares('Type of value', contents.types, contents, card.size)] : [],
      ...contents.keyPrefixes?.length > 0
        ? [shares('Keys that begin with', contents.keyPrefixes, contents, card.size)] : []);
  } catch (error) {
    body.replaceChildren(element('p', { class: 'problem' }, error.message));
  }
}

function howItWasTaken(contents) {
  return !contents.isKnown ? 'What it holds is not known for this kind of cache.'
    : contents.sampledEntries === 0 ? `At ${time(new Date())}: it holds no entries.`
    : contents.sampledEntries >= contents.entries
      ? `At ${time(new Date())}, all ${count(contents.entries)} entries.`
      : `At ${time(new Date())}, estimated from ${count(contents.sampledEntries)} `
        + `of ${count(contents.entries)} entries.`;
}

function shares(heading, rows, contents, size) {
  return element('div', { class: 'wide' }, element('table', {},
    element('thead', {}, element('tr', {}, ...[heading, 'Size', 'Share', 'Entries'].map((name) =>
      element('th', { scope: 'col' }, name)))),
    element('tbody', {}, ...rows.map((row) => element('tr', {},
      element('th', { scope: 'row', class: 'long' }, row.name),
      element('td', {}, size(row.bytes)),
      element('td', {}, percent(row.share)),
      element('td', {}, contents.sampledEntries >= contents.entries ? count(row.entries) : about(row.entries)))))));
}
