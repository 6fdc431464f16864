import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { inspect } from "node:util";

import { AlphaEdge, AlphaEdgeError, VERSION } from "@alphaedge/alphaedge";
import { all, answering, GREETING, HELLO, json, KEY, thrown } from "./help.mjs";

const MOCK = process.env.ALPHAEDGE_BASE_URL;

test("the page's sample, word for word", async () => {
  await writeFile(new URL("page.mjs", import.meta.url), `${process.env.SAMPLE}\nexport { completion };\n`);
  const { completion } = await import("./page.mjs");
  assert.equal(completion.choices[0].message.content, GREETING);
});

test("a completion", async () => {
  const alphaedge = new AlphaEdge();
  const completion = await alphaedge.chat.completions.create({ ...HELLO, max_tokens: 4, temperature: 0 });
  assert.equal(completion.choices[0].finish_reason, "length");
  assert.equal(completion.usage.completion_tokens, 4);
  assert.ok(GREETING.startsWith(completion.choices[0].message.content));
});

for (const suffix of ["", "/", "/v1", "/v1/"]) {
  test(`a base URL that ends in "${suffix}"`, async () => {
    const alphaedge = new AlphaEdge({ baseURL: MOCK + suffix });
    assert.equal((await alphaedge.chat.completions.create(HELLO)).choices[0].message.content, GREETING);
  });
}

test("the server is the contract's, unless the program or its environment names another", async () => {
  const before = process.env.ALPHAEDGE_BASE_URL;
  try {
    delete process.env.ALPHAEDGE_BASE_URL;
    assert.equal(new AlphaEdge().baseURL, "https://api.alphaedge-ai.com");
    process.env.ALPHAEDGE_BASE_URL = "http://one/api/";
    assert.equal(new AlphaEdge().baseURL, "http://one/api");
    assert.equal(new AlphaEdge({ baseURL: "http://two" }).baseURL, "http://two");
  } finally {
    process.env.ALPHAEDGE_BASE_URL = before;
  }
});

test("what is sent", async () => {
  const { alphaedge, asked } = answering(json({ choices: [] }));
  await alphaedge.chat.completions.create(
    { ...HELLO, temperature: undefined, stream: false },
    { extraHeaders: { "X-Team": "search" }, extraBody: { top_k: 3 } },
  );
  const [{ url, init, body }] = asked;
  assert.equal(url, "http://host/v1/chat/completions");
  assert.equal(init.method, "POST");
  assert.deepEqual(body, { ...HELLO, stream: false, top_k: 3 });
  assert.deepEqual(Object.fromEntries(init.headers), {
    accept: "application/json",
    authorization: `Bearer ${KEY}`,
    "content-type": "application/json",
    "user-agent": `alphaedge-typescript/${VERSION}`,
    "x-team": "search",
  });
});

test("a stream is asked for by its media type", async () => {
  const { alphaedge, asked } = answering(new Response("", { headers: { "content-type": "text/event-stream" } }));
  await alphaedge.chat.completions.create({ ...HELLO, stream: true });
  assert.equal(asked[0].init.headers.get("accept"), "text/event-stream");
  assert.equal(asked[0].body.stream, true);
});

test("any text is sent and comes back", async () => {
  const content = "Grüße 👋 \u2028 \u0000 \ud800";
  const { alphaedge, asked } = answering(json({ choices: [{ message: { content } }] }));
  const messages = [{ role: "user", content }];
  const completion = await alphaedge.chat.completions.create({ model: "m", messages });
  assert.equal(asked[0].body.messages[0].content, content);
  assert.equal(completion.choices[0].message.content, content);
});

test("what JSON cannot hold is an error of the program, and is not sent", async () => {
  const { alphaedge, asked } = answering(json({}));
  const error = await thrown(alphaedge.chat.completions.create({ ...HELLO, max_tokens: 1n }, { maxRetries: 2 }));
  assert.ok(error instanceof TypeError);
  assert.equal(asked.length, 0);
});

test("an answer is not validated", async () => {
  const answer = { id: 7, choices: null, error: null, system_fingerprint: "fp" };
  assert.deepEqual(await answering(json(answer)).alphaedge.chat.completions.create(HELLO), answer);
});

test("the key is that of the environment, without white space around it", async () => {
  const keys = [];
  const fetch = async (url, { headers }) => json({ choices: [keys.push(headers.get("authorization"))] });
  await new AlphaEdge({ fetch }).chat.completions.create(HELLO);
  await new AlphaEdge({ fetch, apiKey: " sk-other\n" }).chat.completions.create(HELLO);
  assert.deepEqual(keys, [`Bearer ${KEY}`, "Bearer sk-other"]);
});

test("wrong options say what to do", () => {
  const saved = process.env.ALPHAEDGE_API_KEY;
  delete process.env.ALPHAEDGE_API_KEY;
  try {
    assert.throws(() => new AlphaEdge(), new AlphaEdgeError("no API key; give apiKey or set ALPHAEDGE_API_KEY"));
  } finally {
    process.env.ALPHAEDGE_API_KEY = saved;
  }
  assert.throws(() => new AlphaEdge({ apiKey: "  " }), /no API key/);
  assert.throws(() => new AlphaEdge({ apiKey: "sk-…" }), /no HTTP header can carry; was it copied whole\?/);
  for (const baseURL of ["", "host", "ftp://host", "http://host?x=1", "http://host#x"]) {
    if (baseURL) assert.throws(() => new AlphaEdge({ baseURL }), /baseURL is not (a valid URL|the URL of an API)/, baseURL);
  }
  assert.throws(
    () => new AlphaEdge({ baseURL: "http://me:secret@host" }),
    (error) => !inspect(error).includes("secret"),
  );
});

test("neither a client nor a stream shows the key", async () => {
  const alphaedge = new AlphaEdge();
  const stream = await alphaedge.chat.completions.create({ ...HELLO, stream: true });
  const shown = inspect([alphaedge, stream], { depth: 20, showHidden: true, getters: true });
  const written = JSON.stringify([alphaedge, stream]) + `${alphaedge}${stream}`;
  await all(stream);
  assert.ok(shown.includes("completions"));
  assert.ok(!(shown + written).includes(KEY));
});

test("the program's signal ends a call with its own reason", async () => {
  const alphaedge = new AlphaEdge({
    fetch: (url, { signal }) =>
      new Promise((_, reject) => {
        const refuse = () => reject(signal.reason);
        if (signal.aborted) refuse();
        signal.addEventListener("abort", refuse);
      }),
  });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 10);
  const error = await thrown(alphaedge.chat.completions.create(HELLO, { signal: controller.signal }));
  assert.equal(error.message, "enough");
  assert.equal(
    (await thrown(alphaedge.chat.completions.create(HELLO, { signal: AbortSignal.abort() }))).name,
    "AbortError",
  );
  const late = await thrown(alphaedge.chat.completions.create(HELLO, { signal: AbortSignal.timeout(10) }));
  assert.equal(late.name, "TimeoutError");
});
