// The memory report: the parts of RSS as a bar, a table that is its legend, and advice.

import * as api from './api.js';
import { byId, element, isBusy, setBusy } from './dom.js';
import { confirm } from './confirm-dialog.js';
import { bytes, milliseconds, percent, time } from './format.js';

const names = {
  cache: 'Caches',
  otherLive: 'Other live objects',
  dead: 'Dead, not collected yet',
  fragmentation: 'Holes between objects',
  unused: 'Unused heap',
  native: 'Native',
  fileMapped: 'Mapped files',
  unfinishedEntries: 'Values not finished',
  yielded: 'Given up under pressure',
};

/** Parts that are not resident, or whose bytes are not known: they have no size and no share. */
const withoutBytes = new Set(['unfinishedEntries', 'yielded']);

/** Where there is room, the parts are shown from the beginning. */
const wide = matchMedia('(min-width: 48rem)');

export class MemoryView {
  #body = byId('report-body');
  #problem = byId('report-problem');
  #buttons = [byId('report-observe'), byId('report-collect')];

  constructor() {
    byId('report-observe').addEventListener('click',
      (event) => isBusy(event.currentTarget) || this.load(api.getMemory));
    byId('report-collect').addEventListener('click',
      (event) => isBusy(event.currentTarget) || this.#askCollect());
  }

  /** Nothing is shown until the next report: this one was of another process. */
  clear() {
    this.#body.replaceChildren();
    this.#problem.replaceChildren();
  }

  async load(get = api.getMemory) {
    byId('report').setAttribute('aria-busy', 'true');
    setBusy(this.#buttons, true);
    try {
      const report = await get();
      this.#problem.replaceChildren();
      this.#body.replaceChildren(...reportParts(report));
    } catch (error) {
      this.#problem.replaceChildren(element('p', { class: 'problem' }, error.message));
    } finally {
      byId('report').setAttribute('aria-busy', 'false');
      setBusy(this.#buttons, false);
    }
  }

  async #askCollect() {
    const agreed = await confirm({
      title: 'Collect garbage first?',
      text: [
        'A full garbage collection tells live objects from dead ones for certain. '
          + 'All threads of the process wait while it runs.',
      ],
      action: 'Collect and look',
    });
    if (agreed) {
      await this.load(api.collectMemory);
    }
  }
}

function reportParts(report) {
  const whole = Math.max(1, report.residentBytes);
  const rows = report.rows.filter((row) => row.bytes > 0);
  return [
    element('p', { class: 'sentence' },
      report.isResidentUnknown
        ? `RSS is unknown. The managed heap has ${bytes(report.heapBytes)}. `
        : `RSS is ${bytes(report.residentBytes)}, of which ${bytes(report.heapBytes)} are managed heap. `,
      element('span', { class: 'muted' }, howItWasTaken(report))),
    element('div', { class: 'stack', 'aria-hidden': 'true' }, ...rows.map((row) => segment(row, whole))),
    element('ul', { class: 'stack-key', 'aria-hidden': 'true' }, ...rows.map((row) => element('li', {},
      element('span', { class: `key ${row.kind}` }), `${names[row.kind] ?? row.kind} `,
      element('strong', {}, bytes(row.bytes))))),
    advice(report),
    element('details', { class: 'parts', ...wide.matches && { open: '' } },
      element('summary', {}, 'All parts, and where the figures come from'),
      element('div', { class: 'wide', role: 'region', tabindex: '0', 'aria-label': 'Parts of RSS' },
        table(report, whole))),
  ];
}

function howItWasTaken(report) {
  const how = report.mode === 'collect' ? 'after a collection' : 'without a collection';
  const pause = report.gcPauseMilliseconds > 0 ? `, GC pause ${milliseconds(report.gcPauseMilliseconds)}` : '';
  return `Taken at ${time(new Date())}, ${how}, took ${milliseconds(report.durationMilliseconds)}${pause}.`;
}

const segment = (row, whole) => element('span',
  { class: `segment ${row.kind}`, style: { 'flex-grow': row.bytes / whole } },
  element('span', {}, bytes(row.bytes)));

function table(report, whole) {
  const line = (row) => element('tr', {},
    element('th', { scope: 'row' },
      element('span', { class: `key ${row.kind}`, 'aria-hidden': 'true' }), names[row.kind] ?? row.kind),
    ...withoutBytes.has(row.kind) ? [element('td', {}, '–'), element('td', {}, '–')] : [
      element('td', {}, `${row.isEstimate ? '≈ ' : ''}${bytes(row.bytes)}`),
      element('td', {}, percent(row.bytes / whole))],
    element('td', { class: 'basis' }, row.basis));
  const part = (part) => element('tr', { class: 'part' },
    element('th', { scope: 'row' }, part.name),
    element('td', {}, `${part.isEstimate ? '≈ ' : ''}${bytes(part.bytes)}`),
    element('td', {}, percent(part.bytes / whole)),
    element('td', { class: 'basis' }));
  return element('table', { class: 'report' },
    element('caption', { class: 'hidden' }, 'Resident memory by what it is'),
    element('thead', {}, element('tr', {},
      ...['Part', 'Size', 'Share'].map((name) => element('th', { scope: 'col' }, name)),
      element('th', { scope: 'col', class: 'basis' }, 'Where the figure comes from'))),
    element('tbody', {}, ...report.rows.flatMap((row) =>
      [line(row), ...row.parts.filter(({ bytes: size }) => size > 0).map(part)])));
}

function advice(report) {
  const findings = report.findings.map((finding) =>
    element('li', {}, element('strong', {}, finding.text), ' ', finding.advice));
  return element('div', { class: 'findings' },
    element('h3', {}, 'What to do'),
    findings.length > 0
      ? element('ul', { class: 'advice' }, ...findings)
      : element('p', {}, 'Nothing holds much memory that could be had back.'),
    ...report.notes.map((note) => element('p', { class: 'muted' }, note)));
}
