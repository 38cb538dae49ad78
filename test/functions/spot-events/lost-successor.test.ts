import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detailTypes } from '../../../functions/spot-events/ec2-events.ts';
import type { TestInstance } from '../../support/agents/test-instance.ts';
import type { Tenant } from '../../support/rig/api.ts';
import { Rig } from '../../support/rig/rig.ts';
import { ec2Event } from '../../support/scenes/ec2-event.ts';

const account = '123456789012';
let rig: Rig;
let tenant: Tenant;
beforeAll(async () => {
  rig = await Rig.start();
  tenant = await rig.tenant({ aws_account_id: account });
});
afterAll(() => rig.stop());

let types = 0;

/** An agent of version 3.2 in the middle of a switch to Spot; it ends its old instance and never reports. */
async function switching() {
  const old = await rig.primary({ type: `s${++types}.large`, mode: 'spot', version: '3.2.0' }, tenant);
  const other = `${old.facts.type}.us-east-1b`;
  await old.report(0.1, { 'us-east-1a': 0.05, 'us-east-1b': 0.03 });
  await old.queueSwitch(other);
  const [command] = (await old.pendingCommands()).body;
  return { old, next: old.successor({ az: 'us-east-1b' }), commandId: command.id as string };
}

const event = (instance: TestInstance, type: string, detail: object) =>
  rig.controlPlane.postEvents([
    ec2Event({ account, type, detail: { 'instance-id': instance.id, ...detail }, at: rig.clock.now() }),
  ]);
const notice = (instance: TestInstance) =>
  event(instance, detailTypes.interruption, { 'instance-action': 'terminate' });
const ended = (instance: TestInstance) => event(instance, detailTypes.stateChange, { state: 'terminated' });

describe('a successor that EC2 takes before its switch is closed', () => {
  it.each(['notice', 'end'])('is replaced by an on-demand instance (%s)', async (what) => {
    const { old, next, commandId } = await switching();
    rig.pass(60);
    await next.register();
    rig.pass(60);
    await (what === 'notice' ? notice(next) : ended(next));
    expect(await old.commands()).toMatchObject([
      { id: commandId, status: 'completed', success: true, inferred: true, newInstanceId: next.id },
      { status: 'pending', targetMode: 'ondemand', createdBy: 'emergency' },
    ]);
    expect(await old.switches()).toMatchObject([{ oldInstanceId: old.id, newInstanceId: next.id, inferred: true }]);
    expect(await old.interruptions()).toMatchObject([{ instanceId: next.id, responseAction: 'on-demand' }]);
    expect(await next.pendingCommands()).toMatchObject({ body: [{ target_mode: 'ondemand' }] });
  });

  it('has its notice counted as handled once the on-demand instance registers', async () => {
    const { old, next } = await switching();
    await next.register();
    await notice(next);
    await next.pendingCommands();
    rig.pass(90);
    const third = next.successor({ mode: 'ondemand', az: 'us-east-1a' });
    await third.register();
    expect(await old.interruptions()).toMatchObject([
      { instanceId: next.id, failoverCompleted: true, success: true, failoverTimeMs: 90_000 },
    ]);
    expect(await old.agentRow()).toMatchObject({
      instanceId: third.id,
      interruptionHandledCount: 1,
      lastFailoverAt: rig.clock.now(),
      pendingTerminationInstance: null,
    });
  });

  it('is not counted as running if it fell silent', async () => {
    const { old, next } = await switching();
    await next.register();
    for (let minute = 0; minute < 21; minute += 1) {
      rig.pass(60);
      await rig.runJob('expire-agents');
    }
    await rig.runJob('sweep-commands');
    expect(await old.commands()).toMatchObject([
      { status: 'failed', success: false, message: 'expired: its successor registered and fell silent' },
    ]);
    expect(await old.agentRow()).toMatchObject({ status: 'offline' });
    expect(await old.switches()).toEqual([]);
  });
});

describe('a notice for the instance that a switch is leaving', () => {
  it('is recorded, and answered by the switch, which goes on', async () => {
    const { old, next, commandId } = await switching();
    await notice(old);
    expect(await old.interruptions()).toMatchObject([{ instanceId: old.id, responseAction: 'switching' }]);
    expect(await old.events('termination_notice')).toMatchObject([
      { message: expect.stringContaining('its switch is under way, and the successor takes over') },
    ]);
    expect(await old.commands()).toMatchObject([{ id: commandId, status: 'dispatched' }]);
    rig.pass(30);
    await next.register();
    expect(await old.interruptions()).toMatchObject([{ failoverCompleted: true, failoverTimeMs: 30_000 }]);
  });
});
