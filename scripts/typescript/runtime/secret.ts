/** Keeps the API key out of everything that is printed. */

import { environment } from "./environment.js";
import { AlphaEdgeError } from "./errors.js";
import { isObject, type Json } from "./json.js";

const VARIABLE = "ALPHAEDGE_API_KEY";
const REDACTED = "[redacted]";

/** A shorter key is left alone: it would match ordinary words, and it is none that a server gives out. */
const SHORTEST = 8;

/** The key is a private field, which `console.log`, `util.inspect` and `JSON.stringify` do not show. */
export class Secret {
  readonly #key: string;

  /** Takes the key without the white space that files and shells leave around it. */
  constructor(key: string | undefined) {
    this.#key = (key ?? environment(VARIABLE) ?? "").trim();
    if (!this.#key) throw new AlphaEdgeError(`no API key; give apiKey or set ${VARIABLE}`);
    if (!/^[ -~]+$/.test(this.#key)) {
      throw new AlphaEdgeError("the API key has characters that no HTTP header can carry; was it copied whole?");
    }
  }

  /** The value of the header `Authorization`. */
  authorization(): string {
    return `Bearer ${this.#key}`;
  }

  /** The text without the key, which some servers echo in their errors. */
  redact(text: string): string {
    return this.#key.length < SHORTEST ? text : text.replaceAll(this.#key, REDACTED);
  }

  /** The JSON of a text without the key, however it is escaped there; undefined where it is none. */
  redactedJSON(text: string): Json | undefined {
    const redacted = (_: string, value: Json): Json => {
      if (typeof value === "string") return this.redact(value);
      if (!isObject(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [this.redact(name), member]));
    };
    try {
      return JSON.parse(text, redacted) as Json;
    } catch {
      return undefined;
    }
  }

  redactAll(headers: Headers): Headers {
    return new Headers([...headers].map(([name, value]): [string, string] => [name, this.redact(value)]));
  }
}
