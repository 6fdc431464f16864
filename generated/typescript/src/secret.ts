// Copied from scripts/typescript/runtime/secret.ts by `make generate`; edit that.
/** Keeps the API key out of everything that is printed. */

import { AlphaEdgeError } from "./errors.js";
import type { Json } from "./json.js";

const REDACTED = "[redacted]";

/**
 * A shorter key, such as `none` or `key` of a server that lets anybody in, is an ordinary word, and is taken for the key
 * only after `Bearer`: as the header that a server echoes.
 */
const SHORTEST = 8;

/** How many values of an error are looked at. */
const MOST = 2000;

/** The key is a private field, which `console.log`, `util.inspect` and `JSON.stringify` do not show. */
export class Secret {
  readonly #key: string;
  #pattern: RegExp | undefined;

  /** Takes the key without the white space that files and shells leave around it. */
  constructor(key: string | undefined) {
    this.#key = String(key ?? "").trim();
    if (!this.#key) throw new AlphaEdgeError("no API key; give apiKey or set ALPHAEDGE_API_KEY");
    if (!/^[ -~]+$/.test(this.#key)) {
      throw new AlphaEdgeError("the API key has characters that no HTTP header can carry; was it copied whole?");
    }
  }

  /** The value of the header `Authorization`. */
  authorization(): string {
    return `Bearer ${this.#key}`;
  }

  /** The text without the key, which some servers echo in their errors, however it is encoded there. */
  redact(text: string): string {
    this.#pattern ??= patternOf(this.#key);
    return text.replace(this.#pattern, REDACTED);
  }

  /** The JSON of a text without the key; undefined where it is not valid JSON. */
  redactedJSON(text: string): Json | undefined {
    let value: Json;
    try {
      value = JSON.parse(text) as Json;
    } catch {
      return undefined;
    }
    const holder = { value };
    const waiting: object[] = [holder]; // not recursive: an answer may be nested deeper than the stack is
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      for (const [name, member] of Object.entries(node)) {
        const safe = typeof member === "string" ? this.redact(member) : member;
        const safeName = this.redact(name);
        if (safeName !== name) Reflect.deleteProperty(node, name);
        if (safe !== member || safeName !== name) define(node, safeName, safe);
        if (typeof safe === "object" && safe !== null) waiting.push(safe);
      }
    }
    return holder.value;
  }

  redactAll(headers: Headers): Headers {
    return new Headers([...headers].map(([name, value]): [string, string] => [name, this.redact(value)]));
  }

  /** Whether anything that a printer may reach from this value shows the key; of a value too large to tell, it does. */
  isShownBy(value: unknown): boolean {
    const seen = new Set<unknown>([value]);
    for (const next of seen) {
      if (seen.size > MOST) return true;
      if (typeof next === "string" && this.redact(next) !== next) return true;
      if (typeof next !== "object" || next === null) continue;
      if (next instanceof Headers || next instanceof Map || next instanceof Set)
        [...next].forEach((item) => seen.add(item));
      for (const name of Reflect.ownKeys(next)) {
        seen.add(name).add(Object.getOwnPropertyDescriptor(next, name)?.value);
      }
    }
    return false;
  }
}

/** Sets a member, `__proto__` too. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
}

/** Matches the key as it is, escaped for JSON, URLs, HTML or a shell, in hexadecimal, and inside of base64. */
function patternOf(key: string): RegExp {
  if (key.length < SHORTEST) return new RegExp(`${escapedOf(`Bearer ${key}`)}(?!\\w)`, "gi");
  const forms = [key, ...[0, 1, 2].map((before) => base64(key, before))].map(escapedOf);
  const hex = [...key].map((character) => hexOf(character)).join("");
  return new RegExp([...forms, hex].join("|"), "g");
}

/** What every base64 has in common in which this many bytes, modulo 3, come before the key. */
function base64(key: string, before: number): string {
  return btoa("\0".repeat(before) + key).slice(
    Math.ceil((before * 4) / 3),
    Math.floor(((before + key.length) * 4) / 3),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };

/** A pattern of the text with each character as it is or escaped, several times over at most. */
function escapedOf(text: string): string {
  return text.replace(/\\+|[^\\]/g, (piece) => {
    const character = piece[0] ?? "";
    const hex = hexOf(character);
    const forms = [
      `(?:u00|x)${hex}`,
      `%(?:25){0,3}${hex}`,
      `&(?:amp;){0,3}(?:#0{0,5}${character.charCodeAt(0)}|#[xX]0{0,5}${hex}|${ENTITIES[character] ?? "#"});`,
    ];
    // A run of backslashes is one pattern, as each of two would take what is the other's, in every possible way.
    if (character === "\\") return `(?:\\\\|${forms.join("|")}){${piece.length},${32 * piece.length}}`;
    const others: Readonly<Record<string, string>> = {
      " ": "\\+", // of forms
      "+": "-", // of the base64 of URLs
      "/": "_",
      "'": `'\\\\{1,31}''|'\\\\{0,31}"'\\\\{0,31}"'`, // of shells
    };
    const literal = [others[character], character.replace(/\W/, "\\$&")].filter(Boolean).join("|");
    return `(?:\\\\{0,31}(?:${literal}|${forms.join("|")}))`;
  });
}

/** The two digits of a character, in either case. */
function hexOf(character: string): string {
  const digits = [...character.charCodeAt(0).toString(16)];
  return digits.map((digit) => (/\d/.test(digit) ? digit : `[${digit}${digit.toUpperCase()}]`)).join("");
}
