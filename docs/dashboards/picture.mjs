// Draws docs/img/dashboard.svg: the panels of the dashboard from a real run, observed as a program would be.
//
// The run is the example every-layer, an HTTP service in front of a database: one fat upload, then more small ones than the
// database can take, then an outage of it. What OpenTelemetry's SDK collected meanwhile is drawn. Nothing is made up, so no
// two runs give the same picture.
//
// node docs/dashboards/picture.mjs

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// ── The run ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const scratch = mkdtempSync(join(tmpdir(), 'sluice-picture-'));
const collected = join(scratch, 'collected.jsonl');
const run = fileURLToPath(new URL('../examples/run.mjs', import.meta.url));
const env = { ...process.env, COLLECT_TO: collected };
const [code] = await once(spawn(process.execPath, [run, 'every-layer'], { env, stdio: 'inherit' }), 'exit');
if (code !== 0) throw new Error('the example failed');
const samples = readFileSync(collected, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .map(({ at, points }) => ({
    at,
    read: (metric, name, own) =>
      points.find(
        ({ metric: of, attributes }) =>
          of === metric &&
          attributes['sluice.channel.name'] === name &&
          (own === undefined || Object.values(attributes).includes(own)),
      )?.value,
  }));
rmSync(scratch, { recursive: true });
const SECONDS = samples.at(-1).at;

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
      ['queue', gauge(share('queue'))],
      ['checked', gauge(share('checked'))],
      ['queue, peak', gauge(peak('queue'))],
    ],
  },
  {
    title: 'Time under pressure',
    show: percent,
    most: 1,
    mark: 0.2,
    lines: [['queue', rate(sum('sluice.channel.pressure.duration', 'queue')).map(atMostOne)]],
  },
  {
    title: 'Blocked operations',
    show: plain,
    lines: [
      ['queue, send', gauge(({ read }) => read('sluice.channel.pending_operations', 'queue', 'send'))],
      ['queue, receive', gauge(({ read }) => read('sluice.channel.pending_operations', 'queue', 'receive'))],
    ],
  },
  {
    title: 'Wait time, mean (ms)',
    show: plain,
    lines: [
      ['queue, send', meanWait('queue', 'send')],
      ['checked, send', meanWait('checked', 'send')],
    ],
  },
  {
    title: 'Throughput (items a second)',
    show: plain,
    lines: [
      ['queue, send', rate(({ read }) => read('sluice.channel.items', 'queue', 'send'))],
      ['checked, receive', rate(({ read }) => read('sluice.channel.items', 'checked', 'receive'))],
    ],
  },
  {
    title: 'Drops (items a second): this service waits and sheds, and drops nothing',
    show: plain,
    lines: [['queue', rate(({ read }) => read('sluice.channel.dropped', 'queue', 'cancel'))]],
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
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Six panels of a dashboard: utilisation, time under pressure, blocked operations, wait time, throughput and drops of two channels in ${Math.round(SECONDS)} seconds">
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
