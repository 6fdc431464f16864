// Copied from scripts/typescript/runtime/fold.ts by `make generate`; edit that.
/** The completion that the chunks of a stream make together. */

import { isObject, type Json, type JsonObject } from "./json.js";

/**
 * What the contract says of the members of a chunk: an object, a list of objects that say by their `index` where they
 * belong, or a text that is sent whole.
 */
export interface Shape {
  readonly [member: string]: Shape | readonly [Shape] | "whole";
}

/** Merges lists by `index` and appends the texts of each choice; of anything else, what came last holds. */
export class Fold {
  readonly #shape: Shape;
  readonly #merged: JsonObject = {};

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  /** Takes a chunk as it came, however wrong it is. */
  add(chunk: JsonObject): void {
    merge(this.#merged, chunk, this.#shape, false);
  }

  /** Whether there is a choice, and each one has a reason why it ends. */
  get isFinished(): boolean {
    const choices = choicesOf(this.#merged);
    return choices.length > 0 && choices.every((choice) => (choice["finish_reason"] ?? null) !== null);
  }

  whole(): JsonObject {
    const { object, ...members } = this.#merged;
    const choices = choicesOf(this.#merged).map(({ index = 0, delta, finish_reason = null, ...others }) => {
      const message = { content: "", ...(isObject(delta) ? delta : {}) };
      return { index, message, finish_reason, ...others };
    });
    if (object === undefined) return { ...members, choices };
    return { ...members, object: typeof object === "string" ? object.replace(/\.chunk$/, "") : object, choices };
  }
}

/** The new text of the first choice. */
export function newText(chunk: unknown): string {
  const first = isObject(chunk) ? choicesOf(chunk).find(({ index }) => (index ?? 0) === 0) : undefined;
  const content = isObject(first?.["delta"]) ? first["delta"]["content"] : undefined;
  return typeof content === "string" ? content : "";
}

function choicesOf({ choices }: JsonObject): JsonObject[] {
  return Array.isArray(choices) ? choices.filter(isObject) : [];
}

/** Adds to `whole`, which belongs to the fold; nothing of the chunk is changed. */
function merge(whole: JsonObject, piece: JsonObject, shape: Shape, isDelta: boolean): void {
  for (const [name, value] of Object.entries(piece)) {
    if (value === null || name === "__proto__") continue;
    const inner = Object.hasOwn(shape, name) ? shape[name] : undefined;
    const before = Object.hasOwn(whole, name) ? whole[name] : undefined;
    if (isList(inner) && Array.isArray(value)) {
      const list = Array.isArray(before) ? before : [];
      whole[name] = list;
      for (const item of value) place(list, item, inner[0], isDelta, name === "choices" ? 0 : undefined);
    } else if (typeof inner === "object" && !isList(inner) && isObject(value) && (isDelta || name === "delta")) {
      const object = isObject(before) ? before : {};
      whole[name] = object;
      merge(object, value, inner, true);
    } else if (isDelta && inner !== "whole" && typeof before === "string" && typeof value === "string") {
      whole[name] = before + value;
    } else {
      whole[name] = value;
    }
  }
}

/** Merges an item of a list into the one with its index; one that says none is a new one, unless it has a default. */
function place(list: Json[], item: Json, shape: Shape, isDelta: boolean, otherwise: number | undefined): void {
  if (!isObject(item)) return;
  const { index: said, ...members } = item;
  const index = typeof said === "number" ? said : otherwise;
  let whole = list.find(
    (other): other is JsonObject => isObject(other) && index !== undefined && other["index"] === index,
  );
  if (!whole) {
    whole = index === undefined ? {} : { index };
    const after = list.findIndex((other) => isObject(other) && Number(other["index"]) > (index ?? Infinity));
    list.splice(after < 0 ? list.length : after, 0, whole);
  }
  merge(whole, members, shape, isDelta);
}

function isList(shape: Shape[string] | undefined): shape is readonly [Shape] {
  return Array.isArray(shape);
}
