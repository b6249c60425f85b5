// The settlers that owe senders a wake-up, in the whole module.
//
// Guarantee: whoever is owed is told in the next macrotask at the latest, and before any operation of the module waits:
// nobody goes to sleep while somebody could be woken. Without that a saturated cycle of two channels waits a whole
// macrotask for each half of a buffer.
//
// Invariants: a settler is in `owing` once, exactly while it is `enlisted`; then a macrotask is scheduled. The array is
// emptied in place: replacing it at each turn costs 15 to 20 % in a cycle of two full channels.

import { nextMacrotask } from './macrotask.js';

/** Who owes. */
interface Debtor {
  enlisted: boolean;
  payOwed(): void;
}

const owing: (Debtor | undefined)[] = [];
let owingCount = 0;
let payday = false;

/** Puts on the payroll a settler that is not on it. */
export function enlist(settler: Debtor): void {
  settler.enlisted = true;
  owing[owingCount++] = settler;
  if (payday) return;
  payday = true;
  nextMacrotask(() => {
    payday = false;
    payAll();
  });
}

/** Tells everybody who is owed: called by every operation that is about to wait. */
export function payAll(): void {
  for (let i = 0; i < owingCount; i++) {
    const settler = owing[i] as Debtor;
    owing[i] = undefined;
    settler.enlisted = false;
    settler.payOwed();
  }
  owingCount = 0;
}
