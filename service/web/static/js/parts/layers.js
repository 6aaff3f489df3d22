// A network's layers, read from the header of its own file: eight bytes of length, then JSON.

import { ask } from "../api.js";

const MOST_BYTES = 32e6; // of a header; that of a student lies far below

/** Layers of both beside each other, in the teacher's order: {name, teacher, student}. */
export function paired(teacher, student) {
  const own = new Map(student.map((each) => [each.name, each]));
  const pairs = teacher.map((each) => ({ name: each.name, teacher: each, student: own.get(each.name) ?? null }));
  const known = new Set(teacher.map((each) => each.name));
  for (const each of student.filter(({ name }) => !known.has(name))) {
    const place = pairs.findLastIndex(({ name }) => each.name.startsWith(`${name}.`) || each.name.startsWith(name));
    pairs.splice(place < 0 ? pairs.length : place + 1, 0, { name: each.name, teacher: null, student: each });
  }
  return pairs;
}

/** Names and shapes of all kernels and matrices in a safetensors file, in the file's own order. */
export async function layersOf(url, signal) {
  const [low, high] = new Uint32Array(await piece(url, 0, 7, signal));
  const size = low + high * 2 ** 32;
  if (size > MOST_BYTES) throw new Error("The header of the file is too long to be drawn");
  const header = JSON.parse(new TextDecoder().decode(await piece(url, 8, 7 + size, signal)));
  return inOrder(header);
}

/** What a layer computes with: {name, outputs, inputs, kernel, entries}. */
function inOrder(header) {
  const order = calls(header.__metadata__);
  const found = Object.entries(header)
    .filter(([name, each]) => name !== "__metadata__" && each.shape.length >= 2 && name.endsWith("weight"))
    .map(([name, { shape, data_offsets: [start] }]) => ({
      name: name.replace(/\.weight$/, ""), start,
      outputs: shape[0], inputs: shape[1], kernel: shape.slice(2),
      entries: shape.reduce((a, b) => a * b, 1),
    }));
  return found.sort((a, b) => (order.get(`${a.name}.weight`) ?? Infinity) - (order.get(`${b.name}.weight`) ?? Infinity) || a.start - b.start);
}

/** Where each tensor's name comes first in the network's own description, if the file has one. */
function calls(metadata) {
  const order = new Map();
  for (const text of Object.values(metadata ?? {})) {
    for (const [, name] of text.matchAll(/"([\w.]+\.weight)"/g)) if (!order.has(name)) order.set(name, order.size);
  }
  return order;
}

async function piece(url, first, last, signal) {
  const answer = await ask(url, { signal, headers: { Range: `bytes=${first}-${last}` } });
  return answer.arrayBuffer();
}
