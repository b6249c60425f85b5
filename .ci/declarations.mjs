// After the bundler: finishes dist/*.d.ts and dist/*.d.cts, and fails where they would not do.
//
// Guarantee: both begin with the references that let a consumer compile with `lib` ES2020 and without DOM or Node types
// (a banner of the bundler's would reach only one of them), and no name of the inside is left in either. The entries that
// speak of Node's own things refer to its types, and no other does: without them a project whose `types` are empty would
// read a stream as `any`, and be told nothing.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
const libraries = ['es2018.asynciterable', 'esnext.disposable']
  .map((lib) => `/// <reference lib="${lib}" />\n`)
  .join('');
const node = '/// <reference types="node" />\n';
const NEEDS_NODE = /^(node|diagnostics)\.d\.c?ts$/;

/** Names of the inside: the symbols that hide a class's machine, members by convention private, Node's inspection. */
const inside =
  /\b(CORE|HANDLES|JOINS|INSPECT|Core|Joins|SenderGroup|SLUICE_\w+)\b|\b_\w+\s*[:(?]|\bprivate\b|\bprotected\b|#private/;

/** Declarations without comments: the examples in them may say what they like. */
const code = (text) => text.replaceAll(/\/\*[^]*?\*\//g, '');

const ENTRIES = [
  'index',
  'control',
  'flow',
  'node',
  'web',
  'reactive',
  'reactive-verify',
  'observable',
  'otel',
  'diagnostics',
];
const files = readdirSync(dist).filter((name) => /\.d\.c?ts$/.test(name));
for (const needed of ENTRIES.flatMap((entry) => [`${entry}.d.ts`, `${entry}.d.cts`])) {
  if (!files.includes(needed)) throw new Error(`dist/${needed} was not built`);
}
for (const name of files) {
  const file = new URL(name, dist);
  const text = readFileSync(file, 'utf8');
  const references = NEEDS_NODE.test(name) ? libraries + node : libraries;
  if (!text.startsWith(references)) writeFileSync(file, references + text);

  const lines = code(readFileSync(file, 'utf8')).split('\n');
  if (!lines.join('\n').startsWith(references)) throw new Error(`dist/${name} does not begin with its references`);
  const usesNode = lines.some((line) => /<reference types=|\bfrom 'node:|\bimport\('node:/.test(line));
  if (usesNode !== NEEDS_NODE.test(name)) {
    throw new Error(
      `dist/${name} ${usesNode ? 'needs the types of Node, and does not refer to them' : 'refers to the types of Node without need'}`,
    );
  }
  if (/@internal/.test(readFileSync(file, 'utf8'))) throw new Error(`dist/${name} still has an @internal comment`);
  for (const line of lines) {
    if (inside.test(line)) throw new Error(`dist/${name} shows the inside: ${line.trim()}`);
  }
}
console.log(`declarations: ${files.join(', ')} are whole and show nothing of the inside`);
