// The user's part of a stack: without the frames of this library, which come first, and those of Node that called it.

/**
 * The frames of a call of this library, in their order, each perhaps several times, wherever the package was bundled into.
 * A class of the user's that is called as one of ours comes after the face, and stays.
 */
const LAYERS: readonly (readonly [RegExp, number])[] = [
  [/^\s*at (Object\.)?(traced|began|waits|beginsToWait)\b/, 4],
  [/^\s*at _?(WaiterList|Core)\./, 9],
  [/^\s*at (async )?(_?Feed\.|pour\b)/, 9],
  [/^\s*at (async )?_?(Channel|BoundedQueue|Iteration)\./, 1],
];
const SELECTION = /^\s*at _?Selection\./;
/** Functions that a user may have, too: ours are called by nothing but a selection. */
const SELECT = /^\s*at _?(wait|select)\b/;
/** Of the package; or of Node, whose streams call it, and are called by the user. */
const NOBODYS = /[\\/]sluice[\\/](?:dist|src)[\\/]|[( ]node:/;

/** File and line of a frame; there may be blanks and brackets in a path. */
function positionOf(frame: string): string | undefined {
  const found = /\((.+:\d+):\d+\)$/.exec(frame) ?? /^\s*at (?:async )?(.+:\d+):\d+$/.exec(frame);
  return found?.[1];
}

const fileOf = (frame: string): string | undefined => positionOf(frame)?.replace(/:\d+$/, '');

/** The frames below the call of this library, from the user on: as many lines; undefined where none is the user's. */
export function pathIn({ stack = '' }: Error): string | undefined {
  const frames = stack.split('\n').filter((line) => /^\s*at /.test(line));
  let first = 0;
  const skip = (layer: RegExp, most: number): boolean => {
    const begun = first;
    while (first < begun + most && layer.test(frames[first] ?? '')) first++;
    return first > begun;
  };
  for (const [layer, most] of LAYERS) skip(layer, most);
  if (skip(SELECTION, 1)) skip(SELECT, 2);
  if (first === frames.length) return undefined;
  const own = new Set(frames.slice(0, first).map(fileOf));
  const outside = frames.findIndex((frame, i) => i >= first && !own.has(fileOf(frame)) && !NOBODYS.test(frame));
  if (outside >= 0) first = outside;
  else if (NOBODYS.test(frames[first] ?? '')) return undefined; // else the user is bundled with the package
  return frames.slice(first).join('\n');
}

/** Where it begins: a file and a line, as seen from a folder. */
export function placeIn(stack: string, folder: string): string | undefined {
  const found = positionOf(stack.split('\n')[0] ?? '');
  if (found === undefined) return undefined;
  const path = found.startsWith('file://') ? decoded(found.slice('file://'.length)) : found;
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

/** A URL as a path; what is none stays as it is. */
function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
