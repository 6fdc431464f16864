import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import {
  AlphaEdge,
  APIConnectionError,
  APITimeoutError,
  InternalServerError,
  RateLimitError,
} from "@alphaedge/alphaedge";
import { askedFor, delay } from "./node_modules/@alphaedge/alphaedge/dist/esm/retry.js";
import { all, answering, GREETING, HELLO, json, thrown } from "./help.mjs";

const SOON = { "retry-after-ms": "1" };
const GOOD = json({ id: "chat-1", choices: [] });

for (const status of [408, 409, 429, 500, 502, 503, 504, 529]) {
  for (const stream of [false, true]) {
    test(`${status} of the mock is tried again, ${stream ? "streamed" : "whole"}`, async () => {
      const name = randomUUID();
      const refuse = { times: 2, status, message: "Later.", headers: SOON };
      const extraHeaders = { "x-refuse": JSON.stringify(refuse), "x-test": name };
      const { completions } = new AlphaEdge().chat;
      const completion = stream
        ? await (await completions.create({ ...HELLO, stream }, { extraHeaders })).finalCompletion()
        : await completions.create(HELLO, { extraHeaders });
      assert.equal(completion.choices[0].message.content, GREETING);
      const seen = await (await fetch(`${process.env.ALPHAEDGE_BASE_URL}/seen`)).json();
      assert.equal(seen.asked[name], 3);
    });
  }
}

for (const status of [302, 400, 401, 403, 404, 405, 413, 415, 422]) {
  test(`${status} is not tried again`, async () => {
    const { alphaedge, asked } = answering(json({}, status, SOON), GOOD);
    await thrown(alphaedge.chat.completions.create(HELLO, { maxRetries: 2 }));
    assert.equal(asked.length, 1);
  });
}

for (const maxRetries of [0, 1, 4]) {
  test(`${maxRetries} retries`, async () => {
    const { alphaedge, asked } = answering(json({}, 503, SOON));
    const error = await thrown(alphaedge.chat.completions.create(HELLO, { maxRetries }));
    assert.ok(error instanceof InternalServerError);
    assert.equal(asked.length, 1 + maxRetries);
    assert.equal(error.message.includes(`tried ${maxRetries + 1} times`), maxRetries > 0);
  });
}

test("the server names the pause", async () => {
  const { alphaedge } = answering(json({}, 429, { "retry-after": "1" }), GOOD);
  const began = performance.now();
  await alphaedge.chat.completions.create(HELLO, { maxRetries: 1 });
  assert.ok(performance.now() - began >= 990);
});

test("a long pause is left to the program", async () => {
  const { alphaedge, asked } = answering(json({}, 429, { "retry-after": "3600" }), GOOD);
  const error = await thrown(alphaedge.chat.completions.create(HELLO, { maxRetries: 2 }));
  assert.ok(error instanceof RateLimitError);
  assert.match(error.message, /the server asks to wait 3600 s/);
  assert.equal(asked.length, 1);
});

test("the program's signal ends a pause", async () => {
  const { alphaedge } = answering(json({}, 429, { "retry-after": "50" }));
  const signal = AbortSignal.timeout(20);
  assert.equal(await thrown(alphaedge.chat.completions.create(HELLO, { maxRetries: 1, signal })), signal.reason);
});

test("the words of Retry-After", () => {
  const asked = (value) => askedFor(new Headers({ "retry-after": value }));
  assert.equal(asked("3"), 3000);
  assert.equal(asked("0"), 0);
  assert.equal(askedFor(new Headers({ "retry-after-ms": "250", "retry-after": "9" })), 250);
  const soon = asked(new Date(Date.now() + 30_000).toUTCString());
  assert.ok(soon > 25_000 && soon <= 30_000);
  assert.equal(asked("Mon, 23 Nov 2020 12:00:00 GMT"), 0);
  for (const value of ["", "soon", "-1", "nan", "Mon, 99 Nov"]) assert.equal(asked(value), undefined, value);
});

test("pauses grow to eight seconds and differ", () => {
  for (const [tries, longest] of [
    [1, 500],
    [2, 1000],
    [3, 2000],
    [6, 8000],
    [500, 8000],
  ]) {
    const pause = delay(tries);
    assert.ok(pause <= longest && pause >= 0.75 * longest, `${tries}: ${pause}`);
  }
  assert.ok(new Set(Array.from({ length: 20 }, () => delay(1))).size > 1);
});

/** Serves on a free port for as long as the body runs. */
async function serving(listener, body) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await body(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close().closeAllConnections();
  }
}

test("a lost connection is tried again", async () => {
  let asked = 0;
  const listener = (request, response) => ((asked += 1) === 1 ? response.destroy() : response.end('{"choices": []}'));
  await serving(listener, async (baseURL) => {
    assert.deepEqual(await new AlphaEdge({ baseURL }).chat.completions.create(HELLO), { choices: [] });
    assert.equal(asked, 2);
  });
});

test("an answer that broke off is not: it would be paid for twice", async () => {
  let asked = 0;
  const listener = (request, response) => {
    asked += 1;
    response.writeHead(200, { "content-length": 99 });
    response.write('{"id"', () => response.destroy());
  };
  await serving(listener, async (baseURL) => {
    for (const stream of [false, true]) {
      const call = new AlphaEdge({ baseURL }).chat.completions.create({ ...HELLO, stream });
      const error = await thrown(stream ? call.then(all) : call);
      assert.equal(error.constructor, APIConnectionError);
      assert.match(error.message, /the connection broke/);
    }
    assert.equal(asked, 2);
  });
});

test("a server that is silent is not asked again", async () => {
  const silences = {
    "no head": () => undefined,
    "no body": (response) => response.flushHeaders(),
    "half a body": (response) => response.write('{"id"'),
    "no event": (response) => response.writeHead(200, { "content-type": "text/event-stream" }).write(": comment\n\n"),
  };
  const asked = [];
  const listener = ({ headers }, response) => {
    asked.push(headers["x-silence"]);
    silences[headers["x-silence"]](response);
  };
  await serving(listener, async (baseURL) => {
    const { completions } = new AlphaEdge({ baseURL }).chat;
    const calls = Object.keys(silences).map(async (silence) => {
      const options = { timeout: 400, extraHeaders: { "x-silence": silence } };
      const call = completions.create({ ...HELLO, stream: silence === "no event" }, options);
      const error = await thrown(silence === "no event" ? call.then(all) : call);
      assert.ok(error instanceof APITimeoutError, `${silence}: ${error}`);
      assert.match(error.message, /a longer `timeout` may help/);
    });
    await Promise.all(calls);
  });
  assert.deepEqual(asked.sort(), Object.keys(silences).sort());
});

test("a timeout that is too long for a timer is none", async () => {
  const slow = (url, { signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      setTimeout(() => resolve(GOOD.clone()), 30);
    });
  for (const timeout of [Infinity, 2 ** 40]) {
    const alphaedge = new AlphaEdge({ fetch: slow, timeout });
    assert.equal((await alphaedge.chat.completions.create(HELLO)).id, "chat-1");
  }
});
