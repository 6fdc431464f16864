// What costs money or connections where a client is careless.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { AlphaEdge, AlphaEdgeError, APIConnectionError, APIError, ConflictError, RawResponse } from "@alphaedge/alphaedge";
import { all, answering, answeringWith, data, DONE, HELLO, json, piece, streaming, thrown } from "./help.mjs";

const request = { ...HELLO, stream: true };
const SOON = { "retry-after-ms": "1" };
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** Serves on a free port for as long as the body runs. */
async function serving(listener, body) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await body(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close().closeAllConnections();
  }
}

// Nothing is sent again once the headers are there

for (const [status, name] of [
  [401, "AuthenticationError"],
  [409, "ConflictError"],
  [429, "RateLimitError"],
  [503, "InternalServerError"],
]) {
  for (const stream of [false, true]) {
    test(`${status} whose body breaks off is not tried again, ${stream ? "streamed" : "whole"}`, async () => {
      let asked = 0;
      const listener = (_, response) => {
        asked += 1;
        response.writeHead(status, { "content-length": 99, ...SOON }).write('{"error"', () => response.destroy());
      };
      await serving(listener, async (baseURL) => {
        const error = await thrown(new AlphaEdge({ baseURL }).chat.completions.create({ ...HELLO, stream }));
        assert.equal(error.name, name);
        assert.match(error.message, /its body broke off/);
      });
      assert.equal(asked, 1);
    });
  }
}

test("the program's signal ends the reading of a refusal with its own reason", async () => {
  const controller = new AbortController();
  const listener = (_, response) =>
    response.writeHead(503).write("{", () => setTimeout(() => controller.abort(new Error("enough")), 50));
  await serving(listener, async (baseURL) => {
    const { completions } = new AlphaEdge({ baseURL }).chat;
    assert.equal((await thrown(completions.create(HELLO, { signal: controller.signal }))).message, "enough");
  });
});

// A stream that is dropped

const DROPPED = {
  "before the first chunk": async () => undefined,
  "after the first chunk": async (stream) => void (await stream[Symbol.asyncIterator]().next()),
  "after the first text": async (stream) => void (await stream.text().next()),
};
for (const [when, use] of Object.entries(DROPPED)) {
  test(`a stream dropped ${when} closes its connection once it is collected`, async () => {
    let closed = 0;
    const listener = (_, response) => {
      response.on("close", () => (closed += 1));
      response.writeHead(200, { "content-type": "text/event-stream" }).write(piece("a"));
    };
    await serving(listener, async (baseURL) => {
      const alphaedge = new AlphaEdge({ baseURL });
      await (async () => use(await alphaedge.chat.completions.create(request)))();
      for (let waited = 0; !closed && waited < 250; waited++) {
        await sleep(20);
        collect();
      }
      assert.equal(closed, 1);
    });
  });
}

test("a stream that is in use is not collected", async () => {
  const listener = (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(piece("a"));
    setTimeout(() => response.end(piece("b") + DONE), 200);
  };
  await serving(listener, async (baseURL) => {
    const texts = (await new AlphaEdge({ baseURL }).chat.completions.create(request)).text();
    const got = [];
    for await (const text of texts) {
      got.push(text);
      collect();
      await sleep(20);
    }
    assert.deepEqual(got, ["a", "b"]);
  });
});

test("await using closes a stream", async () => {
  const { alphaedge, isCancelled } = streaming([piece("a"), piece("b"), DONE]);
  const stream = await alphaedge.chat.completions.create(request);
  await stream[Symbol.asyncIterator]().next();
  await stream[Symbol.asyncDispose]();
  assert.ok(isCancelled());
});

// Idle time

test("a large event that comes in pieces is no silence", async () => {
  const event = piece("x".repeat(10_000));
  const listener = (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let at = 0; at < 8; at++) {
      const part = event.slice((at * event.length) / 8, ((at + 1) * event.length) / 8);
      setTimeout(() => response.write(part), 200 * at);
    }
    setTimeout(() => response.end(DONE), 200 * 8);
  };
  await serving(listener, async (baseURL) => {
    const stream = await new AlphaEdge({ baseURL, timeout: 800 }).chat.completions.create(request);
    assert.equal((await stream.finalCompletion()).choices[0].message.content.length, 10_000);
  });
});

test("a reader that begins late is not the server's fault", async () => {
  const stream = await new AlphaEdge({ timeout: 300 }).chat.completions.create(request);
  await sleep(400);
  assert.ok((await stream.finalCompletion()).choices[0].message.content);
});

test("timeout: null waits for ever, and a timeout that is none is said to be", async () => {
  const { completions } = new AlphaEdge({ baseURL: process.env.SLOW, timeout: 1 }).chat;
  assert.equal((await thrown(completions.create(HELLO))).name, "APITimeoutError");
  assert.ok((await completions.create({ ...HELLO, max_tokens: 2 }, { timeout: null })).id);
  const patient = new AlphaEdge({ baseURL: process.env.SLOW, timeout: null });
  assert.ok((await patient.chat.completions.create({ ...HELLO, max_tokens: 2 })).id);
  for (const timeout of [NaN, 0, -1, "60"]) {
    assert.throws(() => new AlphaEdge({ timeout }), /timeout is .*; give milliseconds, or null/);
    const { alphaedge, asked } = answering(json({}));
    assert.ok((await thrown(alphaedge.chat.completions.create(HELLO, { timeout }))) instanceof AlphaEdgeError);
    assert.equal(asked.length, 0);
  }
});

// A stream that says [DONE] and is cut all the same

for (const [what, finish_reason, isBroken] of [
  ["before any finish_reason", null, true],
  ["after the finish_reason", "stop", false],
]) {
  test(`a transfer that breaks after [DONE], ${what}, is ${isBroken ? "an error" : "whole"}`, async () => {
    const last = data({ choices: [{ index: 0, delta: { content: "b" }, finish_reason }] });
    const listener = (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(piece("a") + last + DONE, () => setTimeout(() => response.destroy(), 50));
    };
    await serving(listener, async (baseURL) => {
      const folding = (await new AlphaEdge({ baseURL }).chat.completions.create(request)).finalCompletion();
      if (isBroken) assert.ok((await thrown(folding)) instanceof APIConnectionError);
      else assert.equal((await folding).choices[0].message.content, "ab");
    });
  });
}

test("a stream without finish_reason whose transfer is whole is no error", async () => {
  const stream = await streaming([piece("a"), DONE]).alphaedge.chat.completions.create(request);
  assert.equal((await stream.finalCompletion()).choices[0].message.content, "a");
});

// What JSON makes of it

const DEEP = "[".repeat(100_000) + "]".repeat(100_000);

test("an answer of any depth is read", async () => {
  const body = `{"choices": [], "error": {"message": "No.", "deep": ${DEEP}}}`;
  const headers = { "content-type": "application/json" };
  const refused = answering(new Response(body, { status: 400, headers }));
  const error = await thrown(refused.alphaedge.chat.completions.create(HELLO));
  assert.equal(error.name, "BadRequestError");
  assert.match(error.message, /: No\.$/);
  assert.ok((await answering(new Response(body, { headers })).alphaedge.chat.completions.create(HELLO)).choices);
  const chunk = `data: {"choices": [{"index": 0, "delta": {"content": "a", "deep": ${DEEP}}}], "deep": ${DEEP}}\n\n`;
  const stream = await streaming([chunk, chunk, DONE]).alphaedge.chat.completions.create(request);
  assert.equal((await stream.finalCompletion()).choices[0].message.content, "aa");
});

test("what JSON cannot hold is not sent", async () => {
  for (const [change, says] of [
    [{ temperature: NaN }, /temperature is NaN, which JSON cannot hold/],
    [{ max_tokens: Infinity }, /max_tokens is Infinity/],
    [{ metadata: JSON.parse(DEEP) }, /nested too deeply/],
  ]) {
    const { alphaedge, asked } = answering(json({ choices: [] }));
    const error = await thrown(alphaedge.chat.completions.create({ ...HELLO, ...change }));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, says);
    assert.equal(asked.length, 0);
  }
});

test("maxRetries that is no number is the default or an error, and never without end", async () => {
  for (const maxRetries of [null, undefined]) {
    const { alphaedge, asked } = answeringWith({ maxRetries }, json({}, 503, SOON));
    assert.equal((await thrown(alphaedge.chat.completions.create(HELLO, { maxRetries }))).status, 503);
    assert.equal(asked.length, 3);
  }
  for (const maxRetries of [NaN, -1, 1.5, "many"]) {
    assert.throws(() => new AlphaEdge({ maxRetries }), /maxRetries is .*; give a whole number/);
    const { alphaedge, asked } = answering(json({}, 503, SOON), json({}, 503, SOON), json({}, 400));
    assert.ok((await thrown(alphaedge.chat.completions.create(HELLO, { maxRetries }))) instanceof AlphaEdgeError);
    assert.equal(asked.length, 0);
  }
});

// Folding

test("twelve choices come back in the order of their indexes", async () => {
  const pieces = Array.from({ length: 12 }, (_, index) => piece(`${index}`, 11 - index));
  const whole = await (await streaming([...pieces, DONE]).alphaedge.chat.completions.create(request)).finalCompletion();
  assert.deepEqual(
    whole.choices.map(({ index, message }) => [index, message.content]),
    Array.from({ length: 12 }, (_, index) => [index, `${11 - index}`]),
  );
});

test("folding pollutes nothing", async () => {
  const chunk = 'data: {"__proto__": {"a": 1}, "choices": [{"delta": {"__proto__": {"a": "b"}, "constructor": {"a": 1}}}]}\n\n';
  const stream = await streaming([chunk, chunk, DONE]).alphaedge.chat.completions.create(request);
  const whole = await stream.finalCompletion();
  assert.equal({}.a, undefined);
  assert.equal(whole.a, undefined);
  assert.equal(whole.choices[0].message.a, undefined);
});

// What a 404 is about

for (const [body, hint] of [
  [{ error: { message: "The messages are empty.", param: "messages" } }, undefined],
  [{ error: { message: "Messages must not be empty." } }, undefined],
  [{ error: { message: "No such model." } }, "check the model and baseURL"],
  [{ error: { message: "Unknown.", code: "model_not_found" } }, "check the model and baseURL"],
  [{ detail: "Not Found" }, "check baseURL"],
  ["", "check baseURL"],
]) {
  test(`a 404 that says ${JSON.stringify(body)}`, async () => {
    const error = await thrown(answering(json(body, 404)).alphaedge.chat.completions.create(HELLO));
    assert.equal(/\((.*)\)$/.exec(error.message)?.[1], hint);
  });
}

// Options and raw answers

test("headers and parameters for every request, and for one", async () => {
  const options = { defaultHeaders: { "x-team": "a", "x-app": "b" }, defaultQuery: { v: 1, on: true, off: undefined } };
  const { alphaedge, asked } = answeringWith(options, json({ choices: [] }), json({}, 400));
  await alphaedge.chat.completions.create(HELLO);
  assert.equal(asked[0].url, "http://host/v1/chat/completions?v=1&on=true");
  assert.equal(asked[0].init.headers.get("x-team"), "a");
  const call = { extraHeaders: { "X-Team": "c" }, extraQuery: { v: "ä&", key: "sk-of-a-gateway" } };
  const error = await thrown(alphaedge.chat.completions.create(HELLO, call));
  assert.equal(asked[1].url, "http://host/v1/chat/completions?v=%C3%A4%26&on=true&key=sk-of-a-gateway");
  assert.equal(asked[1].init.headers.get("x-team"), "c");
  assert.equal(asked[1].init.headers.get("x-app"), "b");
  assert.ok(!error.message.includes("gateway"));
});

test("a client with other options", async () => {
  const { alphaedge, asked } = answeringWith({ defaultHeaders: { "x-team": "a" } }, json({}, 503, SOON));
  const other = alphaedge.withOptions({ maxRetries: 1 });
  await thrown(other.chat.completions.create(HELLO));
  assert.equal(asked.length, 2);
  assert.equal(asked[0].init.headers.get("x-team"), "a");
  await thrown(alphaedge.chat.completions.create(HELLO));
  assert.equal(asked.length, 3);
});

test("a raw answer, and the request id of any", async () => {
  const answer = { id: "chat-1", choices: [] };
  const { completions } = answering(json(answer, 201, { "x-request-id": "r-7" })).alphaedge.chat;
  const raw = await completions.withRawResponse.create(HELLO);
  assert.ok(raw instanceof RawResponse);
  assert.deepEqual([raw.status, raw.requestId, raw.headers.get("content-type")], [201, "r-7", "application/json"]);
  assert.equal(raw.content, JSON.stringify(answer));
  assert.deepEqual(raw.parse(), answer);
  const completion = await completions.create(HELLO);
  assert.equal(completion.requestId, "r-7");
  assert.equal(JSON.stringify(completion), JSON.stringify(answer));
  const streamed = await streaming([piece("a"), DONE]).alphaedge.chat.completions.withRawResponse.create(request);
  assert.equal(streamed.headers.get("content-type"), "text/event-stream");
  assert.equal((await all(streamed.parse())).length, 1);
  const stream = new Response(piece("a") + DONE, { headers: { "content-type": "text/event-stream", "x-request-id": "r-8" } });
  assert.equal((await (await answering(stream).alphaedge.chat.completions.create(request)).finalCompletion()).requestId, "r-8");
  const wrong = await answering(new Response("[]")).alphaedge.chat.completions.withRawResponse.create(HELLO);
  assert.throws(() => wrong.parse(), { name: "APIResponseError" });
});

test("an error has its response", async () => {
  const error = await thrown(answering(json({ message: "No." }, 409, { "x-request-id": "r-7" })).alphaedge.chat.completions.create(HELLO));
  assert.ok(error instanceof ConflictError && error instanceof APIError);
  const { status, headers, body, content, requestId } = error.response;
  assert.deepEqual([status, headers.get("x-request-id"), body, requestId], [409, "r-7", { message: "No." }, "r-7"]);
  assert.equal(content, '{"message":"No."}');
});
