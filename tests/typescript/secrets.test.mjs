import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { AlphaEdge, AlphaEdgeError } from "@alphaedge/alphaedge";
import { all, answering, answeringWith, HELLO, json, KEY, thrown } from "./help.mjs";

/** Keys that servers give out, and one with everything that JSON, URLs, HTML, headers or shells escape. */
const KEYS = [KEY, "sk/proj+AbC=_-0123", "\\\\k\"e'y\\ &<>%?#$`!*()[]{}|;:,.~^@+/=\\"];

const each = (text, write) => [...text].map((character) => write(character, character.charCodeAt(0))).join("");
const hex = (code) => code.toString(16).padStart(2, "0");
const inJSON = (text) => JSON.stringify(text).slice(1, -1);
const base64 = (text) => Buffer.from(text).toString("base64");
const html = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };

const FORMS = {
  plain: (key) => key,
  JSON: inJSON,
  "JSON of PHP": (key) => inJSON(key).replaceAll("/", "\\/"),
  "JSON, every character escaped": (key) => each(key, (_, code) => `\\u00${hex(code)}`),
  "JSON, in capitals": (key) => each(key, (_, code) => `\\u00${hex(code).toUpperCase()}`),
  "JSON in JSON": (key) => inJSON(inJSON(key)),
  "JSON in JSON in JSON": (key) => inJSON(inJSON(inJSON(key))),
  URL: encodeURIComponent,
  "URL, whole": (key) => each(key, (_, code) => `%${hex(code)}`),
  "URL in a URL": (key) => encodeURIComponent(encodeURIComponent(key)),
  form: (key) => new URLSearchParams([["", key]]).toString().slice(1),
  "URL in JSON": (key) => inJSON(encodeURIComponent(key)),
  HTML: (key) => each(key, (character) => html[character] ?? character),
  "HTML in numbers": (key) => each(key, (_, code) => `&#${code};`),
  "HTML in HTML": (key) => each(each(key, (c) => html[c] ?? c), (c) => html[c] ?? c),
  shell: (key) => key.replaceAll("'", "'\\''"),
  "shell, backslashes": (key) => key.replace(/\W/g, "\\$&"),
  repr: (key) => each(key, (_, code) => `\\x${hex(code)}`),
  hexadecimal: (key) => Buffer.from(key).toString("hex"),
  base64,
  "base64 of Basic": (key) => base64(`:${key}`),
  "base64 of the header": (key) => base64(`Bearer ${key}`),
  "base64 of JSON": (key) => base64(`"${key}"`),
  "base64 for URLs": (key) => Buffer.from(key).toString("base64url"),
  "base64 in JSON": (key) => base64(key).replaceAll("/", "\\/"),
};

/** All that a program can see of an error. */
function shownBy(error) {
  const options = { depth: 20, showHidden: true, getters: true };
  const { content, body, headers, response } = error;
  return [
    inspect(error, options),
    inspect([body, response, headers && [...headers]], options),
    `${error} ${error.message} ${error.stack} ${content}`,
    JSON.stringify([error, body, response, headers && [...headers]]),
    body && JSON.stringify(body).replaceAll("\\", ""),
  ].join("\n");
}

const events = { headers: { "content-type": "text/event-stream" } };
const PLACES = {
  "a message": (text) => json({ error: { message: `Bad: ${text}.`, param: text, code: text, type: text } }, 401),
  "the name of a member": (text) => json({ error: { [text]: { [text]: [text] } } }, 400),
  "a body as it is": (text) => new Response(`{"message": "${text}"}`, { status: 400 }),
  "a page": (text) => new Response(`<html>${text}</html>`, { status: 502 }),
  headers: (text) => json({}, 307, { "x-request-id": text, location: `/?key=${text}`, "x-echo": `Bearer ${text}` }),
  "a success that is none": (text) => new Response(text),
  "an event": (text) => new Response(`data: ${JSON.stringify({ error: { message: text } })}\n\n`, events),
  "an event that is not JSON": (text) => new Response(`data: {${text}\n\n`, events),
  "what fetch throws": (text) => new Error(`bad header ${text}`),
  "the cause of it": (text) => new TypeError("failed", { cause: new Error(text) }),
  "a property of it": (text) => Object.assign(new Error("failed"), { request: { headers: new Headers({ a: text }) } }),
  "one error of several": (text) => new AggregateError([new Error(text)], "failed"),
};

for (const apiKey of KEYS) {
  for (const [place, answer] of Object.entries(PLACES)) {
    test(`the key ${inspect(apiKey)} in ${place}, in any form, is in no error`, async () => {
      for (const [form, write] of Object.entries(FORMS)) {
        const written = write(apiKey);
        const { alphaedge } = answeringWith({ apiKey }, answer(written));
        const stream = place.startsWith("an event");
        const call = alphaedge.chat.completions.create({ ...HELLO, stream });
        const error = await thrown(stream ? call.then(all) : call);
        assert.ok(error instanceof AlphaEdgeError, form);
        const shown = shownBy(error);
        assert.ok(!shown.includes(written) && !shown.includes(apiKey), `${form}: ${shown}`);
        assert.ok(!shown.includes(inJSON(written)), `${form}: ${shown}`);
      }
    });
  }
}

test("the rest of an answer is left as it is", async () => {
  const message = `Bad key ${KEY}, "quoted" \\ / %2F &amp;`;
  const error = await thrown(answering(json({ error: { message } }, 401)).alphaedge.chat.completions.create(HELLO));
  assert.equal(error.body.error.message, message.replace(KEY, "[redacted]"));
  assert.equal(error.content, JSON.stringify({ error: { message } }).replace(KEY, "[redacted]"));
});

test("a wrong server cannot make redaction slow", async () => {
  const apiKey = KEYS[2];
  for (const piece of ["\\", "%25", "&amp;", apiKey.slice(0, -1), "\\\\k"]) {
    const { alphaedge } = answeringWith({ apiKey }, new Response(piece.repeat(30_000), { status: 400 }));
    const error = await thrown(alphaedge.chat.completions.create(HELLO)); // within the patience of the runner
    assert.equal(error.name, "BadRequestError");
  }
});

test("a key of a function is redacted, and asked for before each request", async () => {
  const keys = ["sk-first-0123456789", "sk-second-0123456789"];
  const sent = [];
  const alphaedge = new AlphaEdge({
    baseURL: "http://host",
    apiKey: async () => keys[sent.length],
    fetch: async (_, { headers }) => {
      sent.push(headers.get("authorization"));
      return json({ error: { message: keys.join() } }, 503, { "retry-after-ms": "1" });
    },
  });
  const error = await thrown(alphaedge.chat.completions.create(HELLO, { maxRetries: 1 }));
  assert.deepEqual(sent, keys.map((key) => `Bearer ${key}`));
  assert.ok(!shownBy(error).includes(keys[1]));
  const failing = new AlphaEdge({ apiKey: () => Promise.reject(new Error("no vault")), fetch: assert.fail });
  assert.equal((await thrown(failing.chat.completions.create(HELLO))).message, "no vault");
  const empty = new AlphaEdge({ apiKey: () => "", fetch: assert.fail });
  assert.match((await thrown(empty.chat.completions.create(HELLO))).message, /no API key/);
});

test("a short key is a word, unless it follows Bearer", async () => {
  const message = 'none of the models, got {"authorization": "Bearer none"} or Bearer%20none; bearer nonesuch';
  const { alphaedge } = answeringWith({ apiKey: "none" }, json({ error: { message } }, 401));
  const error = await thrown(alphaedge.chat.completions.create(HELLO));
  const safe = 'none of the models, got {"authorization": "[redacted]"} or [redacted]; bearer nonesuch';
  assert.equal(error.body.error.message, safe);
  assert.ok(!/Bearer\W+(20)?none\b/.test(shownBy(error)));
});

test("a key in the base URL is not in the message", async () => {
  const alphaedge = new AlphaEdge({ apiKey: KEY, baseURL: `http://host/${KEY}`, fetch: async () => json({}, 400) });
  assert.ok(!shownBy(await thrown(alphaedge.chat.completions.create(HELLO))).includes(KEY));
});
