// The chart: a panel a workload, a bar a contestant, items a second. Brings its own background, light or dark as the
// reader's system says, so that it is legible wherever it is shown.
// @ts-check

const WIDTH = 960;
const MARGIN = 24;
const GAP = 32;
const PANEL = (WIDTH - 2 * MARGIN - GAP) / 2;
const LABEL = 148;
const VALUE = 44;
const BAR = 13;
const ROW = 19;
const HEAD = 30;
const TOP = 70;

const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2937; }
  .title { font-size: 18px; font-weight: 600; }
  .panel { font-size: 13px; font-weight: 600; }
  .small { font-size: 11.5px; fill: #57606a; }
  .name { text-anchor: end; }
  .page { fill: #ffffff; stroke: #d0d7de; }
  .sluice { fill: #0969da; }
  .floor { fill: #afb8c1; }
  .other { fill: #8ba3bd; }
  .strong { font-weight: 700; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small { fill: #9aa4af; }
    .page { fill: #0d1117; stroke: #30363d; }
    .sluice { fill: #4493f8; }
    .floor { fill: #565e67; }
    .other { fill: #49647f; }
  }`;

const escaped = (/** @type {string} */ text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const short = (/** @type {string} */ title) => escaped(title.split(/[:,]/u)[0]);

/**
 * @param {import('./types.d.ts').Table} table
 * @param {import('./types.d.ts').Figures['machine']} machine
 */
export function drawing({ title: heading, workloads, contestants, cells }, machine) {
  const panels = workloads.map((workload) => {
    const bars = contestants.flatMap(({ name, title, kind }) => {
      const cell = cells.find((each) => each.workload === workload.name && each.contestant === name);
      const star = cell?.apart === undefined ? '' : ' *';
      const label = (name === 'ts-chan-unsafe' ? 'ts-chan, unsafe' : short(title)) + star;
      return cell?.ns === undefined ? [] : [{ label, kind, rate: 1e3 / cell.ns }];
    });
    return { title: workload.title, bars: bars.sort((a, b) => b.rate - a.rate) };
  });
  const starred = cells.some(({ apart }) => apart !== undefined) ? ' * Does something else: see the page.' : '';
  const floor = contestants.find(({ kind }) => kind === 'floor')?.title.replace('floor: ', 'Floor: ');
  const foot = floor === undefined ? '' : `${floor}. `;
  /** @type {string[]} */
  const parts = [];
  let y = TOP;
  for (let i = 0; i < panels.length; i += 2) {
    const pair = panels.slice(i, i + 2);
    pair.forEach((panel, column) => parts.push(panelAt(panel, MARGIN + column * (PANEL + GAP), y)));
    y += HEAD + Math.max(...pair.map(({ bars }) => bars.length)) * ROW + 20;
  }
  const height = y + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${heading}: millions of items a second, by workload: longer is better">
<style>${STYLE}
</style>
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<text class="title" x="${MARGIN}" y="32">${heading}: millions of items a second, longer is better</text>
<text class="small" x="${MARGIN}" y="51">Node ${machine.node}, ${escaped(machine.cpu)}, ${machine.date}. ${foot}No bar: cannot do it, loses items or hangs.${starred}</text>
${parts.join('\n')}
</svg>
`;
}

/**
 * @param {{ title: string, bars: { label: string, kind: string, rate: number }[] }} panel
 * @param {number} x
 * @param {number} y
 */
function panelAt({ title, bars }, x, y) {
  const room = PANEL - LABEL - VALUE;
  const most = Math.max(...bars.map(({ rate }) => rate));
  const rows = bars.map(({ label, kind, rate }, row) => {
    const top = y + HEAD + row * ROW;
    const width = Math.max(1, (rate / most) * room).toFixed(1);
    const look = kind === 'sluice' || kind === 'floor' ? kind : 'other';
    const strong = kind === 'sluice' ? ' strong' : '';
    return [
      `<text class="name${strong}" x="${x + LABEL - 8}" y="${top + 11}">${label}</text>`,
      `<rect class="${look}" x="${x + LABEL}" y="${top}" width="${width}" height="${BAR}" rx="2"/>`,
      `<text class="small${strong}" x="${(x + LABEL + Number(width) + 6).toFixed(1)}" y="${top + 11}">${rate >= 10 ? rate.toFixed(0) : rate.toFixed(rate >= 1 ? 1 : 2)}</text>`,
    ].join('');
  });
  return [`<text class="panel" x="${x}" y="${y + 14}">${escaped(title)}</text>`, ...rows].join('\n');
}
