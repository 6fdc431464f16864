/** The completion that the chunks of a stream make together. */

import { isObject, type Json, type JsonObject } from "./json.js";

/** Appends the text of each choice; of anything else, what came last holds. */
export class Fold {
  readonly #whole: JsonObject = {};
  readonly #choices = new Map<number, JsonObject>();

  /** Takes a chunk as it came, however wrong it is. */
  add(chunk: JsonObject): void {
    for (const [name, value] of Object.entries(chunk)) {
      if (name === "choices") choicesOf(chunk).forEach((choice) => this.#addChoice(choice));
      else if (value !== null) this.#whole[name] = value;
    }
  }

  whole(): JsonObject {
    const { object } = this.#whole;
    const choices = [...this.#choices].sort(([a], [b]) => a - b).map(([, choice]) => structuredClone(choice));
    return {
      ...this.#whole,
      ...(typeof object === "string" ? { object: object.replace(/\.chunk$/, "") } : {}),
      choices,
    };
  }

  #addChoice({ delta, ...members }: JsonObject): void {
    const index = typeof members["index"] === "number" ? members["index"] : 0;
    const whole: JsonObject = this.#choices.get(index) ?? { index, message: { content: "" }, finish_reason: null };
    this.#choices.set(index, whole);
    for (const [name, value] of Object.entries(members)) {
      if (value !== null) whole[name] = value;
    }
    if (isObject(delta)) whole["message"] = appended(whole["message"], delta);
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

function appended(message: Json | undefined, delta: JsonObject): JsonObject {
  const whole = isObject(message) ? message : {};
  for (const [name, value] of Object.entries(delta)) {
    const before = whole[name];
    if (typeof before === "string" && typeof value === "string" && name !== "role") whole[name] = before + value;
    else if (value !== null) whole[name] = value;
  }
  return whole;
}
