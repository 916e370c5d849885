// Amounts for people. Bytes are written as ByteSize.Format writes them in logs, so that page, log and curl agree.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const whole = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat(undefined,
  { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

export function bytes(amount) {
  if (amount === null || amount === undefined) {
    return '–';
  }

  let value = amount;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }

  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${units[unit]}`.replace('-', '−');
}

/**
 * The formatter of a cache's amounts. With declared sizes they are in the application's own units, which may not be
 * bytes.
 * @param owner whatever has a `sizing`: a cache, a report, a change, a preview
 */
export const sizeOf = (owner) => owner.sizing === 'declared' ? (amount) => `${count(amount)} units` : bytes;

export const count = (amount) => whole.format(amount);

/** How many there are, and how many of them are shown. */
export const countOf = (amount, shown) => amount > shown ? `the newest ${shown} of ${count(amount)}` : count(amount);

/** An estimate with two significant digits: more would claim false precision. */
export function about(amount) {
  const step = amount < 100 ? 1 : 10 ** (Math.floor(Math.log10(amount)) - 1);
  return count(Math.round(amount / step) * step);
}

export const entries = (amount, write = count) => `${write(amount)} ${amount === 1 ? 'entry' : 'entries'}`;

export function percent(ratio) {
  if (ratio === null || ratio === undefined) {
    return '–';
  }

  const value = ratio * 100;
  const digits = value < 10 || (value > 99 && value < 100) ? 1 : 0;
  return `${value > 0 && value < 0.1 ? '<0.1' : Number(value.toFixed(digits))} %`;
}

export function milliseconds(amount) {
  return amount >= 10000 ? `${(amount / 1000).toFixed(0)} s`
    : amount >= 1000 ? `${(amount / 1000).toFixed(1)} s`
      : amount > 0 && amount < 1 ? 'under 1 ms'
        : `${Math.round(amount)} ms`;
}

/** A span of time, with its two largest units. */
export function duration(seconds) {
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const from = parts.findIndex(([size]) => seconds >= size);
  if (from < 0) {
    return '0 s';
  }

  let rest = Math.floor(seconds);
  return parts.slice(from, from + 2).map(([size, unit]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount > 0 ? `${amount} ${unit}` : '';
  }).filter(Boolean).join(' ');
}

/** A rate, with two significant digits below ten. */
export function perSecond(amount) {
  return amount === null ? '–'
    : `${amount === 0 ? '0' : amount < 0.1 ? '<0.1' : amount < 10 ? amount.toFixed(1) : count(Math.round(amount))}/s`;
}

export const shortTime = (moment) => time(moment).slice(0, 5);

export const time = (moment) => clock.format(moment instanceof Date ? moment : new Date(moment));
