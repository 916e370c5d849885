// The form that changes a limit. While the user types, it says what the change would evict; on submit, it asks first.

import * as api from './api.js';
import { isBusy, setBusy } from './dom.js';
import { confirm } from './confirm-dialog.js';
import { about, entries, sizeOf } from './format.js';

const typingMilliseconds = 300;

const consequences = {
  '': 'Then memory is given back as this cache is set up.',
  full: 'Then all threads wait for one garbage collection, which gives the memory back.',
  gentle: 'Then memory is given back over some seconds, with short pauses.',
  none: 'The runtime keeps the memory until you release it.',
};

const consequence = (cache, mode) => cache.isByteCache
  ? 'Then the memory is given back at once, without a garbage collection.' : consequences[mode];

export class LimitForm {
  #typing = 0;
  #asking = null;

  constructor(card) {
    this.card = card;
    this.form = card.find('.limit');
    this.input = this.form.elements.maxMemory;
    this.mode = this.form.elements.releaseMode;
    this.preview = this.form.querySelector('.preview');
    this.problem = this.form.querySelector('.problem');
    this.input.addEventListener('input', () => this.#previewSoon());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (!isBusy(this.input)) {
        this.#submit();
      }
    });
  }

  #previewSoon() {
    clearTimeout(this.#typing);
    this.#asking?.abort();
    if (this.input.value.trim() === '') {
      this.#say('', '');
      return;
    }

    this.#typing = setTimeout(() => this.#ask(), typingMilliseconds);
  }

  /** Asks what the limit in the field would do. Null if that fails; the reason is then shown below the field. */
  async #ask() {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const preview = await api.previewLimit(this.card.name, this.input.value.trim(), asking.signal);
      if (asking.signal.aborted) {
        return null; // Typed on meanwhile: this answer is to an older question.
      }

      this.#say(`${this.#unitHint(preview)}${previewSentence(preview)}`, '');
      return preview;
    } catch (error) {
      if (error.name !== 'AbortError') {
        this.#say('', error.message);
      }

      return null;
    }
  }

  #unitHint(preview) {
    const text = this.input.value.trim();
    return isBareNumber(text) && preview.sizing !== 'declared' && preview.newMaxBytes < 1024 * 1024
      ? `${text} bytes? For ${text} MiB write ${text}MB. ` : '';
  }

  async #submit() {
    clearTimeout(this.#typing);
    if (this.input.value.trim() === '') {
      this.#say('', 'Give a size, such as 512MB, or a number of bytes.');
      this.input.focus();
      return;
    }

    const { card } = this;
    const text = this.input.value.trim();
    setBusy(card.controls, true);
    const preview = await this.#ask();
    setBusy(card.controls, false);
    if (!preview) {
      this.input.focus();
      return;
    }

    const meansBytes = isBareNumber(text) && preview.sizing !== 'declared' && preview.newMaxBytes < 1024 * 1024;
    const lower = preview.newMaxBytes < preview.oldMaxBytes;
    const agreed = await confirm({
      title: meansBytes ? `Do you mean ${text} bytes?` : `${lower ? 'Lower' : 'Set'} the limit of “${card.name}”?`,
      text: [
        ...(meansBytes ? [`A number without a unit is bytes. For ${text} MiB write ${text}MB.`] : []),
        `From ${card.size(preview.oldMaxBytes)} to ${card.size(preview.newMaxBytes)}. `
          + previewSentence(preview),
        ...(lower ? [consequence(card.cache, this.mode.value)] : []),
      ],
      action: lower ? 'Lower the limit' : 'Set the limit',
      danger: preview.entriesToEvict > 0,
    });
    if (agreed) {
      await this.#change(preview, text);
    }
  }

  #change(preview, text) {
    this.card.usedAtStart = preview.usedBytes;
    return this.card.run('Setting the limit', async () => {
      // The text that was previewed and confirmed, not what was typed since. As text: a number may be too large for
      // this browser to be exact.
      this.card.showShrink(await api.setLimit(
        this.card.name, text, this.mode.value, (now) => this.card.showOperation(now)));
      this.input.value = '';
      this.#say('', '');
    });
  }

  #say(preview, problem) {
    this.preview.textContent = preview;
    this.problem.textContent = problem;
    this.input.setAttribute('aria-invalid', String(problem !== ''));
  }
}

const isBareNumber = (text) => /^\d+$/.test(text);

function previewSentence(preview) {
  return [evictionSentence(preview), preview.advice].filter(Boolean).join(' ');
}

function evictionSentence(preview) {
  return preview.entriesToEvict > 0
    ? `Evicts about ${entries(preview.entriesToEvict, about)}, ${sizeOf(preview)(preview.bytesToEvict)}.`
    : preview.newMaxBytes === preview.oldMaxBytes ? 'That is the limit already; nothing is evicted.'
      : 'Evicts nothing.';
}
