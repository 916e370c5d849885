// One cache: its contents, its removals, and the actions on it.

import * as api from './api.js';
import { byId, element, isBusy, setBusy, setText } from './dom.js';
import { confirm } from './confirm-dialog.js';
import { about, bytes, count, entries, percent, sizeOf, time } from './format.js';
import { LimitForm } from './limit-form.js';
import { showContents } from './contents-view.js';
import { shrinkView } from './shrink-view.js';

const reasons = [
  ['capacity', 'Evicted for room'],
  ['shrink', 'Evicted by a lower limit'],
  ['compact', 'Compacted'],
  ['expired', 'Expired by time'],
  ['tokenExpired', 'Expired by a token'],
  ['removed', 'Removed'],
  ['replaced', 'Replaced'],
];

const policies = { leastRecentlyUsed: 'least recently used', scanResistant: 'scan resistant' };

export class CacheCard {
  #shownAt = -Infinity;
  #shownNumber = 0;
  #hitRatio = null;

  /**
   * @param number distinguishes the ids of this card's elements
   * @param onChanged called after a change that the service made
   */
  constructor(cache, number, canChange, onChanged) {
    this.name = cache.name;
    this.onChanged = onChanged;
    this.element = byId('card').content.firstElementChild.cloneNode(true);
    this.#label(number);
    this.controls = [...this.element.querySelectorAll('button, input, select')];
    if (canChange) {
      this.limitForm = new LimitForm(this);
      for (const button of this.element.querySelectorAll('[data-action]')) {
        button.addEventListener('click', () => isBusy(button) || this[`ask${button.dataset.action}`]());
      }
    } else {
      this.element.querySelectorAll('[data-changes]').forEach((part) => part.remove());
    }

    const contents = this.find('.contents');
    contents.addEventListener('toggle', () => contents.open && showContents(this));
    this.#fitToSizing(cache);
    if (cache.isByteCache) {
      this.find('.limit .release-mode')?.remove(); // It gives memory back at once, whatever the mode.
    }

    this.update(cache);
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  /** Shows all that the service reports about a cache. */
  update(cache) {
    this.cache = cache;
    this.size = sizeOf(cache);
    this.find('.badge.declared').hidden = cache.sizing !== 'declared';
    this.#figure('unit', cache.sizing === 'declared' ? 'Declared size' : 'Size');
    this.find('[data-optional="evictionPolicy"]').hidden = !cache.evictionPolicy;
    this.#figure('policy', policies[cache.evictionPolicy] ?? cache.evictionPolicy ?? '');
    this.#figure('evicted', count(cache.evictions.capacity.entries));
    this.#figure('table', bytes(cache.tableBytes));
    this.updateNow(cache, this.#hitRatio);
    this.find('.departures tbody').replaceChildren(
      ...cache.hits === null ? [] : [
        this.#row('Lookups that hit', cache.hits, null),
        this.#row('Lookups that missed', cache.misses, null),
      ],
      this.#row('Stored', cache.insertions, null),
      ...reasons.map(([key, label]) => this.#row(label, cache.evictions[key].entries, cache.evictions[key].bytes)),
      this.#row('Refused', cache.refused, null));
    const report = cache.lastReport ?? cache.lastShrink;
    if (report?.number > this.#shownNumber) {
      this.#shownAt = -Infinity; // The service knows which is the newest, also where its clock went back.
    }

    if (report) {
      this.showShrink(report);
    }
  }

  /**
   * Shows a live sample. Its hit ratio covers the time since the previous sample; it is null if there were no
   * lookups.
   */
  updateNow(now, hitRatio) {
    this.#hitRatio = hitRatio;
    const share = now.maxBytes > 0 ? now.usedBytes / now.maxBytes : 0;
    const meter = this.find('.meter');
    Object.assign(this.cache, { usedBytes: now.usedBytes, maxBytes: now.maxBytes, count: now.count });
    this.#figure('used', this.size(now.usedBytes));
    this.#figure('max', this.size(now.maxBytes));
    const effective = now.effectiveMaxBytes ?? now.maxBytes;
    this.find('.effective').hidden = effective >= now.maxBytes;
    setText(this.find('.effective'),
      `Under memory pressure it may hold ${this.size(effective)} for now. ${this.cache.pressure?.text ?? ''}`.trim());
    this.#figure('count', count(now.count));
    this.#figure('hitRatio', this.cache.hits === null ? 'not counted' : percent(hitRatio));
    setText(this.find('.share'), `${percent(share)} full`);
    meter.setAttribute('aria-valuenow', String(Math.round(100 * Math.min(1, share))));
    meter.setAttribute('aria-valuetext', `${this.size(now.usedBytes)} of ${this.size(now.maxBytes)}`);
    meter.querySelector('.fill').style.width = `${100 * Math.min(1, share)}%`;
  }

  /**
   * Shows a report once: the answer to a change, the stream and each refresh bring it, and screen readers read it out.
   * An older one than what is shown is ignored.
   */
  showShrink(shrink) {
    const moment = Date.parse(shrink.time);
    if (moment <= this.#shownAt) {
      return;
    }

    this.#shownAt = moment;
    this.#shownNumber = shrink.number;
    this.#outcome(element('h4', {}, shrink.limitChange === 'raised' ? 'Last change, ' : 'Last shrink or release, ',
      element('time', { datetime: shrink.time }, time(shrink.time))), shrinkView(shrink));
  }

  /** Runs one change. Nothing else can be started on this card meanwhile; a failure is shown here. */
  async run(text, work) {
    const problem = this.find('.result .problem');
    problem.textContent = '';
    this.#progress(text, null);
    setBusy(this.controls, true);
    try {
      await work();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      this.find('.progress').hidden = true;
      setBusy(this.controls, false);
      this.onChanged();
    }
  }

  /** Shows a running shrink: how far the entries are above the new limit, later only that it still runs. */
  showOperation(operation) {
    if (operation.state === 'evicting') {
      const above = Math.max(0, operation.usedBytes - operation.maxBytes);
      const all = Math.max(1, this.usedAtStart - operation.maxBytes);
      this.#progress(`Evicting: ${this.size(above)} to go`, Math.max(0, 1 - above / all));
    } else {
      this.#progress(operation.residentBytes > 0
        ? `Giving memory back: RSS ${bytes(operation.residentBytes)}` : 'Giving memory back', null);
    }
  }

  async askrelease() {
    const mode = await (this.cache.isByteCache ? this.#askForBytes() : this.#askForMode());
    if (mode) {
      await this.run('Giving memory back', async () => this.showShrink(await api.release(
        this.name, mode === true ? undefined : mode, (now) => this.showOperation(now))));
    }
  }

  #askForBytes() {
    return confirm({
      title: `Release memory for “${this.name}”?`,
      text: ['Entries stay. The free memory of this cache is given back at once, without a garbage collection.'],
      action: 'Release memory',
    });
  }

  #askForMode() {
    const control = element('select', {},
      element('option', { value: 'full' }, 'at once, in one pause'),
      element('option', { value: 'gentle' }, 'gently, over seconds'));
    return confirm({
      title: `Release memory for “${this.name}”?`,
      text: [
        'Entries stay. The garbage collector runs and hands unused memory of the whole process back; '
          + 'every thread waits while it does.',
      ],
      field: { label: 'How', control, read: (select) => select.value },
      action: 'Release memory',
    });
  }

  async askcompact() {
    const control = element('input',
      { type: 'number', min: '1', max: '100', step: '1', value: '25', inputmode: 'numeric' });
    const share = await confirm({
      title: `Compact “${this.name}”?`,
      text: [
        this.cache.isByteCache
          ? 'Removes expired entries and then what a full cache would evict, and gives their memory back. '
            + 'The limit stays.'
          : 'Removes expired entries and then what a full cache would evict, lowest priority first. '
            + 'The limit stays; memory is given back when you release it.',
      ],
      field: { label: 'Share of entries to remove, in percent', control, read: readPercent },
      action: 'Compact',
      danger: true,
    });
    if (share) {
      await this.run('Compacting', async () => this.#showRemoved('Compacted', await api.compact(this.name, share)));
    }
  }

  async askclear() {
    const agreed = await confirm({
      title: `Remove everything from “${this.name}”?`,
      text: [
        `All ${entries(this.cache.count, about)} go, ${this.size(this.cache.usedBytes)}. `
          + 'The application has to fetch or compute them again.',
      ],
      action: 'Remove everything',
      danger: true,
    });
    if (agreed) {
      await this.run('Clearing', async () => this.#showRemoved('Cleared', await api.clear(this.name)));
    }
  }

  #showRemoved(what, removal) {
    const size = sizeOf(removal);
    this.#outcome(element('h4', {}, `${what}, ${time(new Date())}`), element('p', { class: 'sentence' },
      element('span', { class: 'badge good' }, what), ' ',
      `${entries(removal.entriesRemoved)} (${size(removal.bytesRemoved)}) removed; `
        + `${entries(removal.count)} (${size(removal.usedBytes)}) left.`));
  }

  #outcome(...content) {
    this.find('.outcome').replaceChildren(...content);
  }

  #progress(text, share) {
    const bar = this.find('progress');
    this.find('.progress').hidden = false;
    setText(this.find('.progress .text'), text);
    if (share === null) {
      bar.removeAttribute('value');
    } else {
      bar.value = share;
    }
  }

  #figure(name, text) {
    setText(this.find(`[data-figure="${name}"]`), text);
  }

  #row(label, number, amount) {
    return element('tr', {}, element('th', { scope: 'row' }, label),
      element('td', {}, count(number)), element('td', {}, amount === null ? '' : this.size(amount)));
  }

  /** A cache with declared sizes has a limit in the application's own units. */
  #fitToSizing(cache) {
    if (cache.sizing === 'declared' && this.find('[data-limit-label]')) {
      setText(this.find('[data-limit-label]'), 'New limit, in units');
      this.find('[name="maxMemory"]').placeholder = '1000';
    }
  }

  #label(number) {
    const heading = this.find('.name');
    heading.id = `cache-${number}`;
    heading.textContent = this.name;
    this.element.setAttribute('aria-labelledby', heading.id);
    this.find('.meter').setAttribute('aria-label', `${this.name}: used of limit`);
    this.find('.actions').setAttribute('aria-label', `Actions on ${this.name}`);
    this.find('.limit').setAttribute('aria-label', `Limit of ${this.name}`);
    const described = [['preview', 'preview'], ['limit .problem', 'problem']].map(([selector, id]) => {
      this.find(`.${selector}`).id = `${id}-${number}`;
      return `${id}-${number}`;
    });
    this.find('[name="maxMemory"]').setAttribute('aria-describedby', described.join(' '));
  }
}

function readPercent(input) {
  const value = Number(input.value);
  if (!(value > 0 && value <= 100)) {
    throw new Error('Give a number above 0 and up to 100.');
  }

  return value / 100;
}
