import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { METRIC } from '../../../src/modules/metrics/metric-names.js';

const FOLDER = new URL('../../../ops/prometheus/', import.meta.url);
const read = (name: string, base: URL = FOLDER): string => readFileSync(new URL(name, base), 'utf8');
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found!);

const rules = read('larder.rules.yml');
const alerts = matches(rules, /- alert: (\w+)/g);
const promtool = process.env['PROMTOOL'];

describe('the alerts for Prometheus', () => {
  it('read metrics that exist', () => {
    const known: readonly string[] = Object.values(METRIC);
    const used = new Set(matches(rules, /\b(larder_[a-z_]+?)(?:_count|_bucket)?\b(?=[{[)\s])/g));
    expect([...used].filter((name) => !known.includes(name))).toEqual([]);
    expect(used.size).toBeGreaterThan(10);
  });

  it('have a section of the runbook each, which the alert names', () => {
    const sections = matches(read('../../docs/runbook.md'), /^## (\w+)$/gm);
    expect(sections).toEqual(alerts);
    expect(matches(rules, /runbook: docs\/runbook\.md#(\w+)/g)).toEqual(alerts.map((name) => name.toLowerCase()));
  });

  it('have a test each', () => {
    expect(matches(read('larder.rules.test.yml'), /- name: (\w+)/g)).toEqual(alerts);
  });

  (promtool === undefined ? it.skip : it)('fire when they should, and not before (promtool)', () => {
    const run = (...args: string[]): string => execFileSync(promtool!, args, { cwd: FOLDER, encoding: 'utf8' });
    expect(run('check', 'rules', 'larder.rules.yml')).toContain(`SUCCESS: ${alerts.length} rules found`);
    expect(run('test', 'rules', 'larder.rules.test.yml')).toContain('SUCCESS');
  });
});
