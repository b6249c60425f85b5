// @ts-check
// The live view: what a half looks like while it runs. On a terminal a block that is repainted ten times a second; where
// the output is none (a pipe, a file, TERM=dumb, NO_COLOR) a plain line a second.
// Guarantee: no line is wider than the terminal, and `close` gives the cursor back, however the demo ends.

import { count, duration, rate, seconds, size, wrap } from './format.mjs';

/** @typedef {import('./half.mjs').Kind} Kind */
/** @typedef {import('./half.mjs').Stopped} Stopped */
/** @typedef {import('./meter.mjs').Sample} Sample */
/** @typedef {{ capacity: number, jobs: number, limit: number }} Scale what the bars are full at */
/**
 * @typedef {object} View
 * @property {(text: string) => void} say a sentence that stays
 * @property {(text: string) => void} print lines that stay, as they are
 * @property {(kind: Kind) => void} begin
 * @property {(sample: Sample) => void} sample
 * @property {(text: string) => void} reader what the reader is at, or why it stopped
 * @property {(text: string) => void} check what came of checking the output
 * @property {() => void} close
 */

/** @type {Record<Kind, string>} */
const TITLES = {
  unbounded: '1  Unbounded: an array and a wake-up',
  bounded: '2  Bounded: a Channel, then a BoundedQueue of jobs',
};
const LABEL = 15;
const PLAIN_EVERY = 1000;
/** How wide a page of text is, where no terminal says it. */
const PAGE = 79;

/**
 * @param {NodeJS.WriteStream} out
 * @param {Scale} scale
 * @returns {View}
 */
export function openView(out, scale) {
  const { NO_COLOR, TERM } = process.env;
  return out.isTTY && !NO_COLOR && TERM !== 'dumb' ? new Painted(out, scale) : new Plain(out);
}

/** @implements {View} */
class Plain {
  /** @type {Kind} */
  #kind = 'unbounded';
  #next = 0;
  #out;

  /** @param {NodeJS.WritableStream} out */
  constructor(out) {
    this.#out = out;
  }

  /** @param {string} text */
  say(text) {
    this.print(wrap(text, PAGE).join('\n'));
  }

  /** @param {string} text */
  print(text) {
    this.#out.write(`${text}\n`);
  }

  /** @param {Kind} kind */
  begin(kind) {
    this.#kind = kind;
    this.#next = PLAIN_EVERY;
    this.print(`\n${TITLES[kind]}`);
  }

  /** @param {Sample} sample */
  sample(sample) {
    if (sample.elapsed < this.#next) return;
    this.#next = sample.elapsed + PLAIN_EVERY;
    const { queue, jobs } = sample.depth;
    const fields = [
      seconds(sample.elapsed),
      `in ${rate(sample.inRate)}`,
      `out ${rate(sample.outRate)}`,
      this.#kind === 'bounded' ? `depth ${queue} + ${jobs} jobs` : `depth ${count(queue)}`,
      `rss ${size(sample.rss)}`,
      `heap ${size(sample.heap)}`,
      `p99 ${duration(sample.p99)}`,
    ];
    this.print(`   ${fields.join('  ')}`);
  }

  /** @param {string} text */
  reader(text) {
    this.print(`   reader ${text}`);
  }

  /** @param {string} text */
  check(text) {
    this.print(`   ${text}`);
  }

  close() {}
}

/** @implements {View} */
class Painted {
  /** @type {Kind} */
  #kind = 'unbounded';
  /** @type {Sample | undefined} */
  #sample = undefined;
  #reader = '';
  #check = '';
  /** Lines of the block that are on the screen. */
  #painted = 0;
  #out;
  #scale;
  /** A cell of a bar. @type {string} */
  #full;
  /** @type {string} */
  #empty;

  /**
   * @param {NodeJS.WriteStream} out
   * @param {Scale} scale
   */
  constructor(out, scale) {
    this.#out = out;
    this.#scale = scale;
    const { LC_ALL, LC_CTYPE, LANG } = process.env;
    const unicode = /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
    [this.#full, this.#empty] = unicode ? ['\u2588', '\u2591'] : ['#', '.'];
    out.write('\x1b[?25l');
  }

  /** @param {string} text */
  say(text) {
    this.print(wrap(text, this.#width - 1).join('\n'));
  }

  /** @param {string} text */
  print(text) {
    this.#painted = 0;
    this.#out.write(`${text}\n`);
  }

  /** @param {Kind} kind */
  begin(kind) {
    this.#kind = kind;
    this.#sample = undefined;
    this.#reader = 'is reading ...';
    this.#check = '';
    this.print('');
  }

  /** @param {Sample} sample */
  sample(sample) {
    this.#sample = sample;
    this.#paint();
  }

  /** @param {string} text */
  reader(text) {
    this.#reader = text;
    this.#paint();
  }

  /** @param {string} text */
  check(text) {
    this.#check = text;
    this.#paint();
  }

  close() {
    this.#out.write('\x1b[?25h');
  }

  #paint() {
    const up = this.#painted > 0 ? `\x1b[${this.#painted}A` : '';
    const lines = this.#block().slice(0, Math.max(1, (this.#out.rows || 24) - 1));
    this.#painted = lines.length;
    this.#out.write(`${up}\r\x1b[J${lines.join('\n')}\n`);
  }

  /** @returns {string[]} */
  #block() {
    const sample = this.#sample;
    const title = TITLES[this.#kind];
    if (sample === undefined) return [bold(this.#fit(title))];
    const time = seconds(sample.elapsed);
    const { capacity, jobs, limit } = this.#scale;
    const { depth, peak } = sample;
    const queues =
      this.#kind === 'bounded'
        ? [
            this.#bar(
              'Channel',
              depth.queue,
              capacity,
              `${count(depth.queue)} of ${count(capacity)}, peak ${count(peak.queue)}`,
            ),
            this.#bar(
              'BoundedQueue',
              depth.jobs,
              jobs,
              `${count(depth.jobs)} of ${count(jobs)} jobs, peak ${count(peak.jobs)}`,
            ),
          ]
        : [this.#bar('array', depth.queue, capacity, overflow(depth.queue, peak.queue, capacity))];
    return [
      bold(this.#fit(title.padEnd(this.#width - time.length - 1) + time)),
      this.#row('in', flow(sample.inRate, sample.inRecords, sample.read, 'read')),
      this.#row('out', flow(sample.outRate, sample.outRecords, sample.written, 'written')),
      ...queues,
      this.#bar(
        'memory',
        sample.rss,
        limit,
        `${size(sample.rss)} rss, peak ${size(peak.rss)}; heap ${size(sample.heap)}`,
      ),
      this.#row('p99', `${duration(sample.p99)} from read to written`),
      this.#fit(`   reader ${this.#reader}`),
      this.#fit(`   ${this.#check}`),
    ];
  }

  get #width() {
    return Math.min(this.#out.columns || 80, 100);
  }

  /** @param {string} text */
  #fit(text) {
    return text.slice(0, this.#width - 1);
  }

  /**
   * @param {string} label
   * @param {string} text
   */
  #row(label, text) {
    return this.#fit(`   ${label.padEnd(LABEL)}${text}`);
  }

  /**
   * @param {string} label
   * @param {number} value
   * @param {number} most
   * @param {string} text
   */
  #bar(label, value, most, text) {
    const cells = Math.max(4, Math.min(40, this.#width - LABEL - 46));
    const full = Math.min(cells, Math.ceil((value / Math.max(most, 1)) * cells));
    const over = value > most || (most > 0 && value >= most * 0.95 && label === 'memory');
    const line = this.#row(label, `${this.#full.repeat(full)}${this.#empty.repeat(cells - full)}  ${text}`);
    const start = LABEL + 3;
    return `${line.slice(0, start)}\x1b[${over ? 31 : 32}m${line.slice(start, start + cells)}\x1b[0m${line.slice(start + cells)}`;
  }
}

/** @param {string} text */
const bold = (text) => `\x1b[1m${text}\x1b[0m`;

/**
 * @param {number} bytes a second
 * @param {number} records a second
 * @param {number} total
 * @param {string} verb
 */
function flow(bytes, records, total, verb) {
  return `${rate(bytes).padStart(11)}  ${count(records).padStart(8)} records/s  ${count(total).padStart(9)} ${verb}`;
}

/**
 * @param {number} depth
 * @param {number} peak
 * @param {number} capacity of the Channel, which the array does not have
 */
function overflow(depth, peak, capacity) {
  const times = capacity > 0 && depth > capacity ? ` (${count(depth / capacity)} x ${count(capacity)})` : '';
  return `${count(depth)}${times}, peak ${count(peak)}`;
}
