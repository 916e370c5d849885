// A shrink's report as sentences, and as bars of before and after.

import { element, spoken } from './dom.js';
import { bytes, entries, milliseconds, sizeOf } from './format.js';

const outcomes = {
  released: ['Released', 'good'],
  partial: ['Partly released', 'warn'],
  skipped: ['Not released', 'warn'],
  notRequested: ['Memory kept', 'plain'],
  unknown: ['Not known what was released', 'warn'],
};

const measures = [
  ['RSS', 'resident', (process) => process.residentBytes],
  ['Committed', 'committed', (process) => process.committedBytes],
  ['Live heap', 'live', (process) => process.liveBytes],
];

export function shrinkSentence(shrink) {
  const size = sizeOf(shrink);
  const fell = shrink.releasedBytes;
  const rss = shrink.before.isResidentUnknown || shrink.after.isResidentUnknown ? 'RSS is not known here'
    : Math.abs(fell) < 1 << 20 ? `RSS stayed at ${bytes(shrink.after.residentBytes)}`
    : `RSS ${fell > 0 ? 'fell' : 'rose'} by ${bytes(Math.abs(fell))} to ${bytes(shrink.after.residentBytes)}`;
  return `${limitClause(shrink, size)}${evictionClause(shrink, size)}. `
    + `${rss}${pauseClause(shrink)}; ${milliseconds(shrink.totalMilliseconds)} in all.`;
}

function limitClause(shrink, size) {
  const { oldMaxBytes, newMaxBytes } = shrink;
  return shrink.limitChange === 'unchanged' ? `Limit unchanged at ${size(newMaxBytes)}`
    : newMaxBytes === oldMaxBytes ? 'Released on request'
    : `Limit ${newMaxBytes < oldMaxBytes ? 'lowered' : 'raised'} from ${size(oldMaxBytes)} to ${size(newMaxBytes)}`;
}

function evictionClause(shrink, size) {
  return shrink.entriesEvicted > 0
    ? `: ${entries(shrink.entriesEvicted)} (${size(shrink.bytesEvicted)}) evicted `
      + `in ${milliseconds(shrink.evictionMilliseconds)}`
    : ', nothing evicted';
}

function pauseClause(shrink) {
  if (shrink.gcPauseMilliseconds <= 0) {
    return '';
  }

  const longest = shrink.releaseMode === 'gentle'
    ? `, at most ${milliseconds(shrink.longestGcPauseMilliseconds)} at once`
    : '';
  return `; the process stood still for ${milliseconds(shrink.gcPauseMilliseconds)}${longest}`;
}

export function shrinkView(shrink) {
  const [name, tone] = shrink.limitChange === 'raised' ? ['Limit raised', 'good']
    : shrink.limitChange === 'unchanged' && shrink.entriesEvicted === 0 ? ['Limit unchanged', 'plain']
    : outcomes[shrink.outcome] ?? [shrink.outcome, 'plain'];
  return element('div', { class: 'shrink' },
    element('p', { class: 'sentence' },
      element('span', { class: `badge ${tone}` }, name), ' ', shrinkSentence(shrink)),
    beforeAfter(shrink),
    element('p', { class: 'reason' }, shrink.reason),
    shrink.advice.length > 0
      ? element('ul', { class: 'advice' }, ...shrink.advice.map((advice) => element('li', {}, advice)))
      : null);
}

function beforeAfter(shrink) {
  const most = Math.max(1, ...measures.flatMap(([, , read]) => [read(shrink.before), read(shrink.after)]));
  return element('ul', { class: 'before-after' }, ...measures.map(([label, colour, read]) => {
    const before = read(shrink.before);
    const after = read(shrink.after);
    return element('li', {},
      element('span', { class: 'label' }, label),
      element('span', { class: 'values' },
        spoken('before '), amount(shrink.before, label, before),
        element('span', { class: 'arrow', 'aria-hidden': 'true' }, ' → '),
        spoken(', after '), element('strong', {}, amount(shrink.after, label, after))),
      element('span', { class: 'track', 'aria-hidden': 'true' },
        element('span', { class: 'bar-of before', style: { width: `${100 * before / most}%` } }),
        element('span',
          { class: 'bar-of after', style: { width: `${100 * after / most}%`, background: `var(--${colour})` } })));
  }));
}

function amount(process, label, value) {
  return label === 'RSS' && process.isResidentUnknown ? 'unknown' : bytes(value);
}
