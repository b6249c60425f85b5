// The dashboard and the alerts speak of what is really there: the names are those of a scrape of the Prometheus exporter,
// over HTTP, and the rules are checked and run by Prometheus' own tool.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { Channel } from 'sluice';
import { observe } from 'sluice/otel';
import { beforeAll, describe, expect, it } from 'vitest';
import { promtool } from './promtool.js';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const alerts = readFileSync(file('../../docs/dashboards/alerts.yml'), 'utf8');
const dashboard = JSON.parse(readFileSync(file('../../docs/dashboards/grafana.json'), 'utf8')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};

let scrape: string;

beforeAll(async () => {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const channel = new Channel<number>(10, { name: 'orders', watermarks: {}, overflow: 'drop-oldest' });
  using _ = observe(channel, provider.getMeter('shop'), { waits: true });
  for (let i = 0; i < 12; i++) channel.trySend(i);
  channel.drain();
  const receive = channel.receive();
  channel.trySend(12);
  await receive;
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
  scrape = await answer.text();
  await new Promise((resolve) => server.close(resolve));
  await provider.shutdown();
});

/** The names and labels that an expression asks for. */
function asked(expr: string): { names: string[]; labels: string[] } {
  const names = [...expr.matchAll(/\bsluice_channel_\w+/g)].map(([name]) => name);
  const labels = [...expr.matchAll(/\bsluice_\w+(?=\s*=~?)|\$labels\.(\w+)|\{\{(sluice_\w+)\}\}/g)].map(
    ([whole, label, shown]) => label ?? shown ?? whole,
  );
  const isLabel = (name: string): boolean => name === 'sluice_channel_name';
  return {
    names: names.filter((name) => !isLabel(name)),
    labels: [...labels, ...names.filter(isLabel)],
  };
}

describe('a scrape of the Prometheus exporter', () => {
  it('has every metric under the name that the guide gives', () => {
    const types = [...scrape.matchAll(/^# TYPE (sluice\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(types.sort()).toEqual([
      'sluice_channel_dropped_total counter',
      'sluice_channel_items_total counter',
      'sluice_channel_limit gauge',
      'sluice_channel_pending_operations gauge',
      'sluice_channel_pressure_duration histogram',
      'sluice_channel_usage gauge',
      'sluice_channel_usage_peak gauge',
      'sluice_channel_wait_time histogram',
    ]);
    const guide = readFileSync(file('../../docs/guides/26-observability.md'), 'utf8');
    for (const [name] of types.map((each) => each.split(' '))) expect(guide).toContain(`\`${name}\``);
  });

  it('has the values', () => {
    expect(scrape).toMatch(/^sluice_channel_limit\{sluice_channel_name="orders",.*\} 10$/m);
    expect(scrape).toMatch(/^sluice_channel_usage_peak\{sluice_channel_name="orders",.*\} 10$/m);
    expect(scrape).toMatch(/^sluice_channel_items_total\{.*sluice_side="receive".*\} 11$/m);
    expect(scrape).toMatch(/^sluice_channel_dropped_total\{.*sluice_drop_reason="drop-oldest".*\} 2$/m);
    expect(scrape).toMatch(/^sluice_channel_pressure_duration_count\{.*\} 1$/m);
    expect(scrape).toMatch(/^sluice_channel_wait_time_bucket\{.*sluice_side="receive".*le="\+Inf"\} 1$/m);
  });
});

describe('the dashboard', () => {
  const exprs = dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }): [string, string] => [title, expr]),
  );

  it('has a panel for each thing that one wants to know', () => {
    expect(dashboard.panels.map(({ title }) => title)).toEqual([
      'Utilisation',
      'Time under pressure',
      'Blocked operations',
      'Wait time, 95th percentile',
      'Throughput',
      'Drops by reason',
    ]);
  });

  it.each(exprs)('asks for what the scrape has: %s', (_, expr) => {
    const { names, labels } = asked(expr);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(scrape).toMatch(new RegExp(`^${name}\\{`, 'm'));
    for (const label of labels) expect(scrape).toContain(`${label}="`);
  });
});

describe('the alerts', () => {
  it('are three, and ask for what the scrape has', () => {
    const exprs = [...alerts.matchAll(/expr: (.*)$/gm)].map(([, expr]) => expr as string);
    expect(exprs).toHaveLength(3);
    for (const name of exprs.flatMap((expr) => asked(expr).names))
      expect(scrape).toMatch(new RegExp(`^${name}\\{`, 'm'));
    for (const label of asked(alerts).labels) expect(scrape).toContain(`${label}="`);
  });

  describe('as Prometheus itself sees them', () => {
    let tool: string | undefined;
    beforeAll(() => {
      tool = promtool();
    }, 120_000);

    const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(tool as string, args, { encoding: 'utf8', cwd: file('.') });

    it('are rules', ({ skip }) => {
      skip(tool === undefined, 'promtool is not in the PATH, and Debian has no package prometheus for this machine');
      const { status, stdout, stderr } = run('check', 'rules', file('../../docs/dashboards/alerts.yml'));
      expect(stderr).toBe('');
      expect(stdout).toContain('SUCCESS: 3 rules found');
      expect(status).toBe(0);
    });

    it('fire when they should', ({ skip }) => {
      skip(tool === undefined, 'promtool is not in the PATH, and Debian has no package prometheus for this machine');
      const { status, stdout, stderr } = run('test', 'rules', 'alerts.test.yml');
      expect(`${stdout}${stderr}`).toContain('SUCCESS');
      expect(status).toBe(0);
    });
  });
});
