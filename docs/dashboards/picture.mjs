// Draws docs/img/dashboard.svg: the panels of the dashboard from a real run, observed as a program would be.
//
// A pipeline of two channels, with bursts and a slow spell, runs for some seconds and is collected ten times a second by
// the SDK's own reader; what was collected is drawn. Nothing is made up, so no two runs give the same picture.
//
// node docs/dashboards/picture.mjs [seconds]

import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SECONDS = Number(process.argv[2] ?? 12);
const EVERY = 100; // milliseconds

/** The library, as it would ship. */
async function load() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: {
      contents: "export * from './src/index.ts'; export { observe } from './src/otel/index.ts';",
      resolveDir: root,
    },
    bundle: true,
    format: 'esm',
    write: false,
    define: { SLUICE_CHECKED: 'false', SLUICE_BURSTS: 'true', SLUICE_POLITE: 'true' },
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

class Reader extends MetricReader {
  onForceFlush() {}
  onShutdown() {}
}

// ── The run ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const { Channel, observe } = await load();
const temporality = () => AggregationTemporality.CUMULATIVE;
const reader = new Reader({ aggregationTemporalitySelector: temporality });
const meter = new MeterProvider({ readers: [reader] }).getMeter('picture');

const orders = new Channel(100, { name: 'orders', watermarks: { high: 0.8, low: 0.4 } });
const results = new Channel(40, { name: 'results', overflow: 'drop-oldest', watermarks: {} });
observe([orders, results], meter, { waits: 5 });

const began = performance.now();
const now = () => (performance.now() - began) / 1_000;
const running = () => now() < SECONDS;

const produce = async () => {
  while (running()) {
    const burst = Math.floor(now() / 3) % 2 === 1 ? 45 : 10;
    for (let i = 0; i < burst && running(); i++) await orders.send(i);
    await sleep(50);
  }
};
const work = async () => {
  for await (const order of orders) {
    await results.send(order);
    if (order % 5 === 0) await sleep(7);
  }
};
const store = async () => {
  while (running()) {
    results.drain();
    await sleep(Math.floor(now() / 3) % 2 === 1 ? 170 : 40); // a slow spell
  }
};

const samples = [];
const collect = async () => {
  while (running()) {
    const { resourceMetrics } = await reader.collect();
    const all = new Map(
      resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).map((m) => [m.descriptor.name, m]),
    );
    samples.push({
      at: now(),
      read: (metric, name, own) =>
        all
          .get(metric)
          ?.dataPoints.find(
            ({ attributes }) =>
              attributes['sluice.channel.name'] === name &&
              (own === undefined || Object.values(attributes).includes(own)),
          )?.value,
    });
    await sleep(EVERY);
  }
};
void work();
await Promise.all([produce(), store(), collect()]);
orders.cancel();

// ── The picture ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** A gauge, and what a counter or a histogram's sum gains a second, over half a second. */
const gauge = (read) => samples.map((sample) => ({ at: sample.at, value: read(sample) ?? 0 }));
const rate = (read) =>
  samples.slice(5).map((sample, i) => ({
    at: sample.at,
    value: ((read(sample) ?? 0) - (read(samples[i]) ?? 0)) / (sample.at - samples[i].at),
  }));
const share =
  (name) =>
  ({ read }) =>
    read('sluice.channel.usage', name) / read('sluice.channel.limit', name);
const peak =
  (name) =>
  ({ read }) =>
    read('sluice.channel.usage.peak', name) / read('sluice.channel.limit', name);
const sum =
  (metric, name, own) =>
  ({ read }) =>
    read(metric, name, own)?.sum;

/** The mean wait of those that ended within half a second. */
const meanWait = (name, side) =>
  samples.slice(5).map((sample, i) => {
    const [before, after] = [samples[i], sample].map(({ read }) => read('sluice.channel.wait_time', name, side));
    const count = (after?.count ?? 0) - (before?.count ?? 0);
    return { at: sample.at, value: count > 0 ? (((after?.sum ?? 0) - (before?.sum ?? 0)) / count) * 1_000 : 0 };
  });

const percent = (value) => `${Math.round(value * 100)} %`;
const plain = (value) => String(value < 3 ? Number(value.toFixed(1)) : Math.round(value));
const panels = [
  {
    title: 'Utilisation',
    show: percent,
    most: 1,
    mark: 0.8,
    lines: [
      ['orders', gauge(share('orders'))],
      ['results', gauge(share('results'))],
      ['orders, peak', gauge(peak('orders'))],
    ],
  },
  {
    title: 'Time under pressure',
    show: percent,
    most: 1,
    mark: 0.2,
    lines: [
      ['orders', rate(sum('sluice.channel.pressure.duration', 'orders')).map(atMostOne)],
      ['results', rate(sum('sluice.channel.pressure.duration', 'results')).map(atMostOne)],
    ],
  },
  {
    title: 'Blocked operations',
    show: plain,
    lines: [
      ['orders, send', gauge(({ read }) => read('sluice.channel.pending_operations', 'orders', 'send'))],
      ['orders, receive', gauge(({ read }) => read('sluice.channel.pending_operations', 'orders', 'receive'))],
    ],
  },
  {
    title: 'Wait time, mean (ms)',
    show: plain,
    lines: [
      ['orders, send', meanWait('orders', 'send')],
      ['orders, receive', meanWait('orders', 'receive')],
    ],
  },
  {
    title: 'Throughput (items a second)',
    show: plain,
    lines: [
      ['orders, send', rate(({ read }) => read('sluice.channel.items', 'orders', 'send'))],
      ['results, receive', rate(({ read }) => read('sluice.channel.items', 'results', 'receive'))],
    ],
  },
  {
    title: 'Drops by reason (items a second)',
    show: plain,
    lines: [['results, drop-oldest', rate(({ read }) => read('sluice.channel.dropped', 'results', 'drop-oldest'))]],
  },
];

function atMostOne({ at, value }) {
  return { at, value: Math.min(1, value) };
}

const [WIDTH, HEIGHT, GAP, PLOT] = [380, 190, 20, { left: 46, right: 12, top: 34, bottom: 40 }];
const number = (value) => String(Number(value.toFixed(1)));

function drawn({ title, show, most, mark, lines }, i) {
  const [left, top] = [(i % 2) * (WIDTH + GAP) + 10, Math.floor(i / 2) * (HEIGHT + GAP) + 10];
  const [w, h] = [WIDTH - PLOT.left - PLOT.right, HEIGHT - PLOT.top - PLOT.bottom];
  const top1 = most ?? Math.max(1, ...lines.flatMap(([, points]) => points.map(({ value }) => value))) * 1.1;
  const x = (at) => PLOT.left + (at / SECONDS) * w;
  const y = (value) => PLOT.top + h - (Math.min(value, top1) / top1) * h;
  const out = [
    `<g transform="translate(${left} ${top})">`,
    `<rect class="panel" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    `<text class="title" x="12" y="21">${title}</text>`,
  ];
  for (const part of [0, 0.5, 1]) {
    out.push(
      `<path class="grid" d="M${PLOT.left} ${number(y(part * top1))}h${w}"/>`,
      `<text class="axis" x="${PLOT.left - 6}" y="${number(y(part * top1) + 3)}" text-anchor="end">${show(part * top1)}</text>`,
    );
  }
  if (mark !== undefined) out.push(`<path class="mark" d="M${PLOT.left} ${number(y(mark))}h${w}"/>`);
  let legend = PLOT.left;
  for (const [n, [name, points]] of lines.entries()) {
    const path = points.map(({ at, value }) => `${number(x(at))} ${number(y(value))}`).join('L');
    out.push(
      `<path class="line c${n}" d="M${path}"/>`,
      `<path class="line c${n}" d="M${legend} ${HEIGHT - 14}h12"/>`,
      `<text class="axis" x="${legend + 16}" y="${HEIGHT - 11}">${name}</text>`,
    );
    legend += 30 + name.length * 5.6;
  }
  out.push('</g>');
  return out.join('');
}

const [width, height] = [2 * WIDTH + GAP + 20, 3 * HEIGHT + 2 * GAP + 20];
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Six panels of a dashboard: utilisation, time under pressure, blocked operations, wait time, throughput and drops of two channels in ${SECONDS} seconds">
<style>
text{font:11px system-ui,sans-serif;fill:#57606a}.title{font-size:13px;font-weight:600;fill:#24292f}.axis{font-size:10px}
.panel{fill:#fff;stroke:#d0d7de}.grid{stroke:#d8dee4;fill:none}.mark{stroke:#cf222e;stroke-dasharray:4 3;fill:none}
.line{fill:none;stroke-width:1.5}.c0{stroke:#0969da}.c1{stroke:#bc4c00}.c2{stroke:#0969da;stroke-opacity:.45;stroke-dasharray:2 2}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#e6edf3}.panel{fill:#151b23;stroke:#3d444d}.grid{stroke:#2f363d}.mark{stroke:#ff7b72}.c0,.c2{stroke:#58a6ff}.c1{stroke:#f0883e}}
</style>
${panels.map(drawn).join('\n')}
</svg>
`;
const path = fileURLToPath(new URL('../img/dashboard.svg', import.meta.url));
writeFileSync(path, svg);
console.log(`${path}: ${svg.length} bytes, ${samples.length} collections`);
process.exit();
