// Constants that each build sets, and that its bundler folds away.

/** Assert the invariants after every operation: true in tests, false in what ships. */
declare const SLUICE_CHECKED: boolean;
/** Wake accepted senders in bursts: false only in a build that the benchmark compares with. */
declare const SLUICE_BURSTS: boolean;
/** Let the event loop run now and then: false only in a build that the benchmark compares with. */
declare const SLUICE_POLITE: boolean;
