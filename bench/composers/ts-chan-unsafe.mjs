// ts-chan with its option that trades politeness for speed.
import { tsChan } from './ts-chan.mjs';

export default tsChan(true);
