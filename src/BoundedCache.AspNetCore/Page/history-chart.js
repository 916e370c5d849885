// The chart of memory over time: five lines whose legend shows their values, and numbered marks where memory was
// released.

import { byId, element, setText } from './dom.js';
import { bytes, shortTime, time } from './format.js';
import { cacheTotals } from './timeline.js';

const MiB = 1024 * 1024;
const leastSeconds = 20;
/** A limit up to so many times the memory that is shown is in the scale; a higher one is a mark at the edge. */
const limitInScale = 1.6;
/** From this span on, the axis has hours and minutes. */
const longSeconds = 3 * 3600;
const mostLinesOfOneMark = 3;

// Every line has its own dash or width besides its colour.
const lines = [
  { id: 'resident', label: 'RSS', width: 2.5, read: (sample) => sample.residentBytes },
  { id: 'committed', label: 'Committed', width: 1.75, dash: [9, 4], read: (sample) => sample.committedBytes },
  { id: 'live', label: 'Live heap', width: 1.75, dash: [2, 3], read: (sample) => sample.liveBytes },
  { id: 'used', label: 'Caches used', width: 2, fill: true, read: (sample, totals) => totals.used },
  { id: 'max', label: 'Limit', width: 1.5, dash: [14, 4, 2, 4], stepped: true, read: (sample, totals) => totals.max },
];

const known = (amount) => amount === null ? 'unknown' : bytes(amount);

// Powers of two, so that the ticks are round in binary units.
const steps = Array.from({ length: 54 }, (_, power) => 1024 * 2 ** power);

export class HistoryChart {
  #host = byId('chart');
  #plot = null;
  #shown = new Map(lines.map((line) => [line.id, true]));
  #figures = new Map();
  #visible = [];
  #limitAbove = false;

  constructor(timeline) {
    this.timeline = timeline;
    this.cacheName = '';
    this.declared = new Set();
    this.spanSeconds = 300;
    byId('series').append(...lines.map((line) => this.#legendButton(line)));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#rebuild());
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#host);
  }

  /** Draws the timeline as it is now. */
  update() {
    const all = this.timeline.samples;
    byId('chart-empty').hidden = all.length > 0;
    if (all.length === 0) {
      this.#visible = [];
      this.#plot?.destroy();
      this.#plot = null;
      this.#figures.forEach((figure) => setText(figure, '–'));
      setText(byId('moment'), '');
      return;
    }

    const from = this.spanSeconds > 0 ? all.at(-1).seconds - this.spanSeconds : -Infinity;
    this.#visible = all.filter((sample) => sample.seconds >= from)
      .map((sample) => ({ sample, totals: cacheTotals(sample, this.cacheName, this.declared) }));
    const data = [this.#visible.map(({ sample }) => sample.seconds)]
      .concat(lines.map((line) => this.#visible.map(({ sample, totals }) => line.read(sample, totals))));
    if (this.#plot) {
      this.#plot.setData(data);
    } else {
      this.#plot = new globalThis.uPlot(this.#options(), data, this.#host);
    }

    this.#showValues();
  }

  /** Rows for the table beside the chart: newest first, at most `most`. */
  rows(most) {
    const every = Math.max(1, Math.ceil(this.#visible.length / most));
    return this.#visible.filter((_, index) => (this.#visible.length - 1 - index) % every === 0).reverse()
      .map(({ sample, totals }) => [time(sample.time), ...lines.map((line) => known(line.read(sample, totals)))]);
  }

  get visibleSamples() {
    return this.#visible.map(({ sample }) => sample);
  }

  get columns() {
    return lines.map((line) => line.label);
  }

  #legendButton(line) {
    const figure = element('span', { class: 'value' }, '–');
    const button = element('button', { type: 'button', 'aria-pressed': 'true', 'data-line': line.id },
      element('span', { class: `swatch ${line.id}`, 'aria-hidden': 'true' }),
      element('span', { class: 'name' }, line.label),
      figure);
    button.addEventListener('click', () => {
      const shown = !this.#shown.get(line.id);
      this.#shown.set(line.id, shown);
      button.setAttribute('aria-pressed', String(shown));
      this.#plot?.setSeries(lines.indexOf(line) + 1, { show: shown });
      this.update();
    });
    this.#figures.set(line.id, figure);
    return button;
  }

  /** Shows the values at the pointer, or the newest if there is no pointer. */
  #showValues() {
    const index = this.#plot?.cursor.idx ?? null;
    const at = (index === null ? null : this.#visible[index]) ?? this.#visible.at(-1);
    if (!at) {
      return;
    }

    setText(byId('moment'), `${index === null ? 'Latest, at' : 'At'} ${time(at.sample.time)}`);
    for (const line of lines) {
      setText(this.#figures.get(line.id), known(line.read(at.sample, at.totals)));
    }
  }

  #rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    this.update();
  }

  #size() {
    return { width: this.#host.clientWidth, height: this.#host.clientHeight };
  }

  #options() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const axis = {
      stroke: colour('muted'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: colour('grid'), width: 1 },
      ticks: { show: false },
    };
    const label = (tick) => tick === 0 ? '0' : bytes(tick);
    return {
      ...this.#size(),
      padding: [18, 8, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 }, y: false },
      scales: {
        x: { time: true, range: (plot, min, max) => this.#timeRange(min, max) },
        y: { range: () => [0, this.#top()] },
      },
      axes: [
        { ...axis, size: 28, space: 80, values: (plot, ticks) => {
          const write = ticks.at(-1) - ticks[0] > longSeconds ? shortTime : time;
          return ticks.map((tick) => write(tick * 1000));
        } },
        { ...axis, size: 68, space: 34, incrs: steps, values: (plot, ticks) => ticks.map(label) },
      ],
      series: [{}, ...lines.map((line) => ({
        label: line.label,
        show: this.#shown.get(line.id),
        stroke: colour(line.id),
        width: line.width,
        dash: line.dash,
        fill: line.fill ? colour('used-fill') : undefined,
        paths: line.stepped ? globalThis.uPlot.paths.stepped({ align: 1 }) : undefined,
        points: { show: false },
      }))],
      hooks: {
        draw: [(plot) => this.#drawMarks(plot, colour), (plot) => this.#drawLimitAtEdge(plot, colour)],
        setCursor: [() => this.#showValues()],
      },
    };
  }

  /**
   * The chosen time span, or as much of it as has samples. It has a minimum, so that a few samples do not
   * show as steep slopes only.
   */
  #timeRange(min, max) {
    return [Math.min(Math.max(min, this.spanSeconds > 0 ? max - this.spanSeconds : min), max - leastSeconds), max];
  }

  #drawMarks(plot, colour) {
    const { ctx, bbox } = plot;
    const ratio = globalThis.uPlot.pxRatio;
    ctx.save();
    ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    const texts = [];
    for (const group of this.#groupMarks(plot, ctx, ratio)) {
      ctx.strokeStyle = colour('mark');
      ctx.lineWidth = ratio;
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      const lines = group.xs.length <= mostLinesOfOneMark ? group.xs : [group.xs[0], group.xs.at(-1)];
      for (const x of new Set(lines)) {
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }

      ctx.fillStyle = colour('mark');
      ctx.beginPath();
      ctx.roundRect(group.x - group.width / 2, bbox.top - 17 * ratio, group.width, 16 * ratio, 8 * ratio);
      ctx.fill();
      ctx.fillStyle = colour('mark-text');
      ctx.fillText(group.text, group.x, bbox.top - 8.5 * ratio);
      texts.push(group.text);
    }

    this.#host.dataset.marks = texts.join(' | ');
    ctx.restore();
  }

  /** Marks whose numbers would overlap are one mark: "3–22". */
  #groupMarks(plot, ctx, ratio) {
    const { bbox } = plot;
    const groups = [];
    for (const shrink of this.timeline.shrinks.toSorted((a, b) => a.seconds - b.seconds)) {
      const x = Math.round(plot.valToPos(shrink.seconds, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width) {
        continue;
      }

      let group = { xs: [x], first: shrink.mark, last: shrink.mark };
      this.#place(group, bbox, ctx, ratio);
      while (groups.length > 0 && groups.at(-1).x + groups.at(-1).width / 2 + 2 * ratio > group.x - group.width / 2) {
        const before = groups.pop();
        group = { xs: [...before.xs, ...group.xs], first: Math.min(before.first, group.first),
          last: Math.max(before.last, group.last) };
        this.#place(group, bbox, ctx, ratio);
      }

      groups.push(group);
    }

    return groups;
  }

  #place(group, bbox, ctx, ratio) {
    group.text = group.first === group.last ? String(group.first) : `${group.first}–${group.last}`;
    group.width = Math.max(16 * ratio, ctx.measureText(group.text).width + 8 * ratio);
    const middle = (group.xs[0] + group.xs.at(-1)) / 2;
    const most = bbox.left + bbox.width + 8 * ratio - group.width / 2;
    group.x = Math.min(Math.max(middle, bbox.left + group.width / 2), most);
  }

  /** The top of the scale: what memory is shown, and the limit if it is not far above that. */
  #top() {
    const highest = (wanted) => Math.max(0, ...lines.filter((line) => this.#shown.get(line.id) && wanted(line))
      .flatMap((line) => this.#visible.map(({ sample, totals }) => line.read(sample, totals))));
    const memory = highest((line) => line.id !== 'max');
    const limit = highest((line) => line.id === 'max');
    const fits = memory === 0 || limit <= limitInScale * Math.max(memory, MiB);
    this.#limitAbove = !fits;
    return Math.max(fits ? Math.max(memory, limit) : 1.1 * memory, MiB) * 1.08;
  }

  /** A limit far above the memory is named at the upper edge. */
  #drawLimitAtEdge(plot, colour) {
    const last = this.#visible.at(-1);
    const text = this.#limitAbove && last ? `Limit ${bytes(last.totals.max)} ↑` : '';
    this.#host.dataset.limit = text;
    if (!text) {
      return;
    }

    const { ctx, bbox } = plot;
    const ratio = globalThis.uPlot.pxRatio;
    ctx.save();
    ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'top';
    const width = ctx.measureText(text).width;
    const right = bbox.left + bbox.width - 4 * ratio;
    ctx.fillStyle = colour('surface');
    ctx.fillRect(right - width - 4 * ratio, bbox.top + 2 * ratio, width + 8 * ratio, 18 * ratio);
    ctx.strokeStyle = colour('max');
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([14 * ratio, 4 * ratio, 2 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, bbox.top + ratio);
    ctx.lineTo(bbox.left + bbox.width, bbox.top + ratio);
    ctx.stroke();
    ctx.fillStyle = colour('max');
    ctx.fillText(text, right, bbox.top + 5 * ratio);
    ctx.restore();
  }
}
