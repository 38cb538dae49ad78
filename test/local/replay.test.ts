import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { DecisionInput } from '../../functions/core/decision/decision-input.ts';
import { fittedName } from '../../functions/core/decision/fitted-hazards.ts';
import { type Decision, decide } from '../../functions/core/decision/policy.ts';
import { servicePolicyVersion } from '../../functions/core/decision/recommend-service.ts';
import { packedAnswer } from '../../functions/core/decision/replay.ts';
import { defaultTiming } from '../../functions/core/decision/timing.ts';
import model from '../../layers/model/model.json' with { type: 'json' };
import { movableAgent, usualConfig } from '../support/scenes/decision-input.ts';

const directory = mkdtempSync(join(tmpdir(), 'replay-'));
afterAll(() => rmSync(directory, { recursive: true }));

const now = new Date('2026-03-04T12:00:00Z');

/** @returns a file with a decision on an on-demand agent with a target, whose one pool has its hazard from a model */
function storedBy(name: string, changed: Partial<Decision> = {}): string {
  const input: DecisionInput = {
    agent: movableAgent,
    prices: {
      onDemand: 1,
      currentSpot: null,
      pools: [{ id: 'a', price: 0.3, at: now, interruptions30d: 0, availability: 'up', hazard: 0.05 }],
    },
    config: { ...usualConfig, limitsHold: false },
    service: {
      slo: { availability: 0.999, over: 'week' },
      weekStart: now.getTime() / 1000 - 86_400,
      downtime: [],
      pacing: null,
      observedShare: 0,
      timing: defaultTiming,
      model: name,
      degraded: false,
    },
    job: null,
  };
  const file = join(directory, `${name}.json`);
  const answer = packedAnswer({ ...decide(input, now), ...changed });
  writeFileSync(file, JSON.stringify({ inputs: input, decision_time: now, answer }));
  return file;
}

const replay = (file: string) => spawnSync(process.execPath, ['local/replay.ts', file], { encoding: 'utf8' });

it.each([`built-in@${model.sha256.slice(0, 12)}`, fittedName])('replay gives the same bytes, and names %s', (name) => {
  const { status, stderr } = replay(storedBy(name));
  expect(stderr).toContain(`Hazards from ${name}, which this build has.`);
  expect(stderr).toContain('bytes as stored.');
  expect(status).toBe(0);
});

it('replay gives the same bytes even if the model is not known, and says so', () => {
  const { status, stderr } = replay(storedBy('built-in@000000000000'));
  expect(stderr).toContain('from built-in@000000000000, which this build does not know');
  expect(status).toBe(0);
});

it('replay shows both answers when they differ, and the policies if another one decided', () => {
  const [reworded, older] = [{ reason: 'Other words' }, { policy: 'policy-a-1' }].map((changed) =>
    replay(storedBy(fittedName, changed)),
  );
  expect(reworded!.stderr).toMatch(/Different from what is stored:\n.*Other words/);
  expect(reworded!.stderr).not.toContain('Decided by');
  expect(older!.stderr).toContain(`Decided by policy-a-1; this build has ${servicePolicyVersion}.`);
  expect([reworded!.status, older!.status]).toEqual([1, 1]);
});
