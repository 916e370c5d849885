// All caches, a row each: sorted, filtered, and the details of those that are opened.

import { byId, element, setText } from './dom.js';
import { bytes, count, percent, perSecond, sizeOf } from './format.js';

/** Up to so many caches are open from the beginning. */
const mostOpen = 3;
/** From so many caches on there is a filter. */
const leastToFilter = 8;

const full = (row) => row.now.maxBytes > 0 ? row.now.usedBytes / row.now.maxBytes : 0;

const columns = [
  { id: 'name', label: 'Cache', ascending: true, read: (row) => row.cache.name },
  { id: 'full', label: 'Full', read: full, write: (row) => percent(full(row)) },
  { id: 'used', label: 'Used', read: (row) => row.now.usedBytes, write: (row) => row.size(row.now.usedBytes) },
  { id: 'max', label: 'Limit', read: (row) => row.now.maxBytes, write: (row) => row.size(row.now.maxBytes) },
  { id: 'count', label: 'Entries', read: (row) => row.now.count, write: (row) => count(row.now.count) },
  { id: 'hits', label: 'Hit ratio', read: (row) => row.window.hitRatio ?? -1,
    write: (row) => row.window.counted ? percent(row.window.hitRatio) : 'not counted' },
  { id: 'evicted', label: 'Evictions', read: (row) => row.window.evictionsPerSecond ?? -1,
    write: (row) => perSecond(row.window.evictionsPerSecond) },
];

export class CachesTable {
  #rows = new Map();
  #sort = columns[1];
  #ascending = false;
  #cards;

  /** @param windowOf returns hit ratio and evictions of a cache over the shown time */
  constructor(windowOf) {
    this.windowOf = windowOf;
    this.body = byId('caches-table').querySelector('tbody');
    byId('caches-table').querySelector('thead tr').append(...columns.map((column) => this.#heading(column)));
    byId('filter').addEventListener('input', () => this.#arrange());
    // Rows stay where they are while somebody reads or uses them.
    this.body.addEventListener('pointerleave', () => this.#arrange());
  }

  /** Builds the rows anew. */
  build(caches, cards) {
    const opened = new Set([...this.#rows.values()].filter((row) => row.open).map((row) => row.cache.name));
    this.#cards = cards;
    this.#rows = new Map(caches.map((cache) => {
      const row = { cache, now: cache, size: sizeOf(cache), window: this.windowOf(cache.name) };
      row.element = this.#rowElement(row);
      return [cache.name, row];
    }));
    setText(byId('cache-count'), String(caches.length));
    byId('filter-label').hidden = caches.length < leastToFilter;
    for (const row of this.#rows.values()) {
      this.#show(row);
      this.#setOpen(row, caches.length <= mostOpen || opened.has(row.cache.name));
    }

    this.#arrange();
  }

  update(samples) {
    for (const now of samples) {
      const row = this.#rows.get(now.name);
      if (row) {
        row.now = now;
        row.window = this.windowOf(now.name);
        this.#show(row);
      }
    }

    if (!this.body.matches(':hover') && !this.body.contains(document.activeElement)) {
      this.#arrange();
    }
  }

  #heading(column) {
    const button = element('button', { type: 'button', class: 'sort' }, column.label);
    button.addEventListener('click', () => {
      this.#ascending = this.#sort === column ? !this.#ascending : column.ascending === true;
      this.#sort = column;
      this.#arrange();
    });
    column.heading = element('th', { scope: 'col', class: `col-${column.id}` }, button);
    return column.heading;
  }

  #rowElement(row) {
    const { name } = row.cache;
    row.button = element('button', { type: 'button', class: 'open' }, name);
    row.button.addEventListener('click', () => {
      this.#setOpen(row, !row.open);
      if (row.open) {
        this.#cards.get(name).element.scrollIntoView({ block: 'nearest' });
      }
    });
    row.fill = element('span', { class: 'fill' });
    row.cells = columns.slice(1).map((column) => element('td', { class: `col-${column.id}` }));
    row.full = element('span', {});
    row.cells[0].append(element('span', { class: 'meter', 'aria-hidden': 'true' }, row.fill), row.full);
    return element('tr', {}, element('th', { scope: 'row', class: 'col-name' }, row.button), ...row.cells);
  }

  #setOpen(row, open) {
    row.open = open;
    row.button.setAttribute('aria-expanded', String(open));
    this.#cards.get(row.cache.name).element.hidden = !open;
  }

  #show(row) {
    columns.slice(1).forEach((column, index) =>
      setText(column.id === 'full' ? row.full : row.cells[index], column.write(row)));
    row.fill.style.width = `${100 * Math.min(1, full(row))}%`;
    const effective = row.now.effectiveMaxBytes ?? row.now.maxBytes;
    if (effective < row.now.maxBytes) {
      setText(row.cells[2], `${row.size(effective)} now, of ${row.size(row.now.maxBytes)}`);
    }
  }

  #arrange() {
    const wanted = byId('filter').value.trim().toLowerCase();
    const { read } = this.#sort;
    const order = (a, b) => (typeof read(a) === 'string' ? read(a).localeCompare(read(b)) : read(a) - read(b))
      || b.cache.name.localeCompare(a.cache.name);
    const sorted = [...this.#rows.values()].sort((a, b) => this.#ascending ? order(a, b) : order(b, a));
    const elements = sorted.map((row) => row.element);
    if (elements.some((child, index) => this.body.children[index] !== child)
      || this.body.children.length !== elements.length) {
      const focused = document.activeElement;
      this.body.replaceChildren(...elements);
      if (this.body.contains(focused)) {
        focused.focus();
      }
    }

    let shown = 0;
    for (const row of sorted) {
      row.element.hidden = !row.cache.name.toLowerCase().includes(wanted);
      shown += row.element.hidden ? 0 : 1;
    }

    for (const column of columns) {
      column.heading.setAttribute('aria-sort',
        column !== this.#sort ? 'none' : this.#ascending ? 'ascending' : 'descending');
    }

    byId('no-caches').hidden = shown > 0;
    setText(byId('no-caches'), this.#rows.size === 0
      ? 'There is no cache: none is registered with AddBoundedMemoryCache.'
      : 'No cache has such a name.');
  }
}
