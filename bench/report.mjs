// What is printed: the table and the marks as text.
// @ts-check

/** How a mark's number is written: `1.12 ×`, `4,985 bytes`. */
export function amount(/** @type {number} */ value, /** @type {import('./types.d.ts').Mark} */ { unit }) {
  if (unit === 'bytes') return `${Math.round(value).toLocaleString('en')} bytes`;
  return `${value.toFixed(2)} ${unit}`;
}

/** `≤ 1.15 ×` */
export function limit(/** @type {import('./types.d.ts').Mark} */ mark) {
  return mark.atMost === undefined ? `≥ ${amount(mark.atLeast ?? 0, mark)}` : `≤ ${amount(mark.atMost, mark)}`;
}

/** What stands in a cell of the table. */
export function cellText(/** @type {import('./types.d.ts').Cell | undefined} */ cell) {
  if (cell?.ns === undefined) return cell?.failed === undefined ? '' : cell.failed.replace(/ of .*/u, '');
  const star = cell.apart === undefined ? '' : '*';
  const spread = cell.spread === undefined ? '' : ` ±${Math.round(cell.spread * 100)}%`;
  return `${Math.round(cell.ns).toLocaleString('en')}${spread}${star}`;
}

/**
 * Rows of words in columns: the first to the left, the others to the right.
 *
 * @param {readonly (readonly string[])[]} rows
 */
function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((word, column) => (column === 0 ? word.padEnd(widths[column]) : word.padStart(widths[column])))
        .join('  '),
    )
    .join('\n');
}

/**
 * @param {import('./types.d.ts').Table} table
 * @param {import('./types.d.ts').Figures['settings']} settings
 */
export function tableText({ title: heading, workloads, contestants, cells }, settings) {
  const at = (/** @type {string} */ workload, /** @type {string} */ contestant) =>
    cells.find((cell) => cell.workload === workload && cell.contestant === contestant);
  const head = workloads.map((_, index) => `(${index + 1})`);
  const names = contestants.map(({ title, version }) => (version === undefined ? title : `${title} ${version}`));
  const times = contestants.map(({ name }, row) => [
    names[row],
    ...workloads.map((workload) => cellText(at(workload.name, name))),
  ]);
  const ratios = contestants.map(({ name }, row) => [
    names[row],
    ...workloads.map((workload) => at(workload.name, name)?.timesFloor?.toFixed(2) ?? '–'),
  ]);
  const notes = contestants.filter(({ note }) => note !== undefined).map(({ title, note }) => `  ${title}: ${note}`);
  const apart = [
    ...new Set(cells.filter((cell) => cell.apart !== undefined).map((cell) => `  * ${cell.contestant}: ${cell.apart}`)),
  ];
  return [
    heading,
    ...workloads.map(({ title }, index) => `(${index + 1}) ${title}`),
    '',
    settings.rounds > 1
      ? `nanoseconds an item: median of ${settings.rounds} rounds ± half their range; a process of its own each time; every sum checked`
      : 'nanoseconds an item, one short round: rough figures; a process of its own each; every sum checked',
    columns([['', ...head], ...times]),
    '',
    'times the floor, with which it took turns in the same process; 10th percentiles',
    columns([['', ...head], ...ratios]),
    '',
    ...notes,
    ...(apart.length > 0 ? ['  not compared with sluice by a mark:', ...apart] : []),
  ].join('\n');
}

/** @param {readonly import('./types.d.ts').Verdict[]} verdicts */
export function marksText(verdicts) {
  const rows = verdicts.map(({ mark, measured, ok, range, remark }) => [
    mark.title,
    measured === undefined ? '–' : amount(measured, mark),
    limit(mark),
    (measured === undefined ? 'not measured' : ok ? 'ok' : 'MISSED').padEnd(6),
    (remark ?? (range === undefined ? '' : `${range[0].toFixed(2)} to ${range[1].toFixed(2)}`)).padEnd(20),
  ]);
  const measured = verdicts.filter((verdict) => verdict.measured !== undefined);
  const met = measured.filter(({ ok }) => ok).length;
  return `${columns([['mark', 'measured', 'mark', '      ', ''.padEnd(20)], ...rows])}\n\n${met} of ${measured.length} marks met`;
}
