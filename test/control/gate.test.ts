// Gate: open or paused.

import { inspect } from 'node:util';
import { Gate } from 'sluice/control';
import { describe, expect, it } from 'vitest';
import { macrotask, microtasks, watch } from '../support.js';

describe('Gate', () => {
  it('begins open, or paused', () => {
    expect([new Gate(), new Gate({}), new Gate({ paused: undefined }), new Gate({ paused: false })]).toSatisfy(
      (gates: Gate[]) => gates.every(({ paused }) => !paused),
    );
    expect(new Gate({ paused: true }).paused).toBe(true);
  });

  it('refuses options of the wrong kind', () => {
    for (const wrong of [null, 1, 'paused', { paused: 1 }, { paused: null }])
      expect(() => new Gate(wrong as object)).toThrow(TypeError);
  });

  it('lets pass while it is open, and holds while it is paused', async () => {
    const gate = new Gate();
    expect(await gate.opened()).toBeUndefined();
    gate.pause();
    gate.pause();
    const passing = watch(gate.opened());
    await macrotask();
    expect([passing.state, gate.paused]).toEqual(['pending', true]);
    gate.resume();
    await microtasks();
    expect([passing.state, gate.paused]).toEqual(['fulfilled', false]);
  });

  it('lets those go who waited at a resume, whatever follows in the same tick', async () => {
    const gate = new Gate({ paused: true });
    const waited = [watch(gate.opened()), watch(gate.opened())];
    gate.resume();
    gate.pause();
    const late = watch(gate.opened());
    await macrotask();
    expect([...waited, late].map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'pending']);
  });

  it('decides at the resume: an abort in the same tick comes too late', async () => {
    const gate = new Gate({ paused: true });
    const controller = new AbortController();
    const passing = watch(gate.opened({ signal: controller.signal }));
    gate.resume();
    controller.abort();
    await microtasks();
    expect(passing.state).toBe('fulfilled');
  });

  it('shows in console.log how it stands', () => {
    const gate = new Gate();
    expect(inspect(gate)).toBe('Gate(open)');
    gate.pause();
    void gate.opened();
    expect(inspect(gate)).toBe('Gate(paused, 1 waiting)');
  });
});
