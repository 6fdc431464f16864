import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";

import { AlphaEdge, APIResponseError, APIStreamError, APITimeoutError, Stream } from "@alphaedge/alphaedge";
import { EventDecoder } from "./node_modules/@alphaedge/alphaedge/dist/esm/events.js";
import { all, answering, data, DONE, GREETING, HELLO, piece, streaming, thrown } from "./help.mjs";

const request = { ...HELLO, stream: true };
const textOf = (chunk) => chunk.choices[0]?.delta.content ?? "";
const texts = async ({ alphaedge }) => (await all(await alphaedge.chat.completions.create(request))).map(textOf);

test("the chunks of the mock", async () => {
  const stream = await new AlphaEdge().chat.completions.create(request);
  assert.ok(stream instanceof Stream);
  const chunks = await all(stream);
  assert.equal(chunks.map(textOf).join(""), GREETING);
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.equal(chunks.at(-1).usage.completion_tokens, chunks.length - 3);
});

test("text and then the whole, which is what a plain call gives", async () => {
  const { completions } = new AlphaEdge().chat;
  const plain = await completions.create(HELLO);
  const stream = await completions.create(request);
  const pieces = await all(stream.text());
  assert.ok(pieces.length > 5);
  assert.equal(pieces.join(""), GREETING);
  const same = { id: 0, created: 0 };
  assert.deepEqual({ ...(await stream.finalCompletion()), ...same }, { ...plain, ...same });
});

test("chunks come while they are made", async () => {
  const stream = await new AlphaEdge({ baseURL: process.env.SLOW }).chat.completions.create(request);
  const times = [];
  for await (const _ of stream) times.push(performance.now());
  assert.ok(times.at(-1) - times[0] > 100, `${times}`);
});

for (const [how, leave] of Object.entries({
  break: async (stream) => {
    for await (const _ of stream) break;
  },
  "break in text()": async (stream) => {
    for await (const _ of stream.text()) break;
  },
  throw: async (stream) => {
    for await (const _ of stream) throw new Error("mine");
  },
  "close()": async (stream) => {
    await stream[Symbol.asyncIterator]().next();
    await stream.close();
  },
  "close() before the first chunk": (stream) => stream.close(),
})) {
  test(`left early by ${how}, it ends the request`, async () => {
    const seen = async () => (await (await fetch(`${process.env.SLOW}/seen`)).json()).brokenOff;
    const before = await seen();
    const stream = await new AlphaEdge({ baseURL: process.env.SLOW }).chat.completions.create(request);
    await leave(stream).catch((error) => assert.equal(error.message, "mine"));
    assert.deepEqual(await all(stream), []);
    for (let waited = 0; (await seen()) === before && waited < 100; waited++) await sleep(20);
    assert.equal(await seen(), before + 1);
  });
}

test("close() gives up what has come already", async () => {
  const { alphaedge } = streaming([piece("a") + piece("b") + DONE]);
  const stream = await alphaedge.chat.completions.create(request);
  await stream[Symbol.asyncIterator]().next();
  await stream.close();
  assert.deepEqual(await all(stream), []);
});

test("a body that knows no signal is cancelled all the same", async () => {
  const { alphaedge, isCancelled } = streaming([piece("a"), piece("b"), DONE]);
  for await (const _ of await alphaedge.chat.completions.create(request)) break;
  assert.ok(isCancelled());
});

test("close() while a chunk is awaited", async () => {
  const server = createServer((_, response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders(),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const baseURL = `http://127.0.0.1:${server.address().port}`;
    const stream = await new AlphaEdge({ baseURL }).chat.completions.create(request);
    const next = stream[Symbol.asyncIterator]().next();
    await stream.close();
    assert.deepEqual(await next, { value: undefined, done: true });
  } finally {
    server.close().closeAllConnections();
  }
});

test("the program's signal ends a stream with its own reason", async () => {
  const controller = new AbortController();
  const { completions } = new AlphaEdge({ baseURL: process.env.SLOW }).chat;
  const stream = await completions.create(request, { signal: controller.signal });
  const error = await thrown(
    (async () => {
      for await (const _ of stream) controller.abort(new Error("enough"));
    })(),
  );
  assert.equal(error.message, "enough");
});

test("after [DONE] the connection is used again", async () => {
  const sockets = new Set();
  const server = createServer((incoming, response) => {
    sockets.add(incoming.socket);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(piece("a") + DONE);
    setTimeout(() => response.write(": bye\n\n"), 10);
    setTimeout(() => response.end(), 20);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const alphaedge = new AlphaEdge({ baseURL: `http://127.0.0.1:${server.address().port}` });
    for (let call = 0; call < 8; call++) await all(await alphaedge.chat.completions.create(request));
    assert.ok(sockets.size <= 2, `${sockets.size}`); // Node's fetch is ready for the next call a little late
  } finally {
    server.close().closeAllConnections();
  }
});

test("a response that goes on after [DONE] is left", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(piece("a") + DONE);
    const ticking = setInterval(() => response.write(": on and on\n\n"), 20);
    response.on("close", () => clearInterval(ticking));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const alphaedge = new AlphaEdge({ baseURL: `http://127.0.0.1:${server.address().port}`, timeout: 9000 });
    const began = performance.now();
    assert.equal((await all(await alphaedge.chat.completions.create(request))).length, 1);
    assert.ok(performance.now() - began < 5000);
  } finally {
    server.close().closeAllConnections();
  }
});

test("comments do not make the program wait for ever, and a slow program is not the server's fault", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(piece("a"));
    setTimeout(() => response.write(piece("b")), 500);
    const ticking = setInterval(() => response.write(": on and on\n\n"), 20);
    response.on("close", () => clearInterval(ticking));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const alphaedge = new AlphaEdge({ baseURL: `http://127.0.0.1:${server.address().port}`, timeout: 400 });
    const got = [];
    const error = await thrown(
      (async () => {
        for await (const chunk of await alphaedge.chat.completions.create(request)) {
          got.push(textOf(chunk));
          await sleep(550);
        }
      })(),
    );
    assert.ok(error instanceof APITimeoutError, `${error}`);
    assert.deepEqual(got, ["a", "b"]);
  } finally {
    server.close().closeAllConnections();
  }
});

const BROKEN = {
  "an error": [
    [piece("a"), data({ error: { message: "Overloaded.", code: "c" } })],
    "the server reported an error: Overloaded.",
  ],
  "an event named error": [
    [piece("a"), 'event: error\ndata: {"message": "Overloaded."}\n\n'],
    "the server reported an error: Overloaded.",
  ],
  "no [DONE]": [[piece("a")], "it ended without [DONE]; the answer may be cut"],
  "half a chunk": [[piece("a"), 'data: {"choices"'], "it ended without [DONE]; the answer may be cut"],
  "what is not JSON": [[piece("a"), "data: {\n\n"], 'an event is not valid JSON: "{"'],
  "what is no object": [[piece("a"), "data: [1]\n\n"], 'an event is not a JSON object: "[1]"'],
};
test("a stream without a chunk is an error", async () => {
  for (const pieces of [[DONE], [DONE.slice(0, -1)], ['{"choices": []}\n\n', DONE], [": hello\n\n", DONE]]) {
    const stream = await streaming(pieces).alphaedge.chat.completions.create(request);
    const error = await thrown(stream.finalCompletion());
    assert.equal(error.constructor, APIStreamError);
    assert.match(error.message, /the stream broke off: it has no chunk before \[DONE\]$/);
  }
});

for (const [what, [pieces, says]] of Object.entries(BROKEN)) {
  test(`a stream with ${what} is an error, and what came before it is not lost`, async () => {
    const stream = await streaming(pieces).alphaedge.chat.completions.create(request);
    const got = [];
    const error = await thrown(
      (async () => {
        for await (const text of stream.text()) got.push(text);
      })(),
    );
    assert.equal(error.constructor, APIStreamError);
    assert.equal(error.message, `200 from POST http://host/v1/chat/completions: the stream broke off: ${says}`);
    assert.deepEqual(got, ["a"]);
    assert.equal((await stream.finalCompletion()).choices[0].message.content, "a");
  });
}

test("nothing at all is an error too", async () => {
  assert.match((await thrown(texts(streaming([])))).message, /it ended without \[DONE\]/);
  assert.match(
    (await thrown(texts(answering(new Response(null, { status: 204 }))))).message,
    /it ended without \[DONE\]/,
  );
});

for (const type of ["application/json", "text/html; charset=utf-8"]) {
  test(`${type} is no stream`, async () => {
    const { alphaedge } = answering(new Response("{}", { headers: { "content-type": type } }));
    const error = await thrown(alphaedge.chat.completions.create(request));
    assert.equal(error.constructor, APIResponseError);
    assert.match(error.message, /expected a stream of events, got/);
  });
}

test("several choices are folded apart, and a role is not appended", async () => {
  const role = data({
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta: { role: "assistant", content: "" } }],
  });
  const usage = data({ choices: [], usage: { total_tokens: 9 } });
  const pieces = [role, piece("a"), role, piece("x", 1), piece("b"), usage, data({ usage: null }), DONE];
  const stream = await streaming(pieces).alphaedge.chat.completions.create(request);
  assert.deepEqual(await all(stream.text()), ["a", "b"]);
  const whole = await stream.finalCompletion();
  assert.deepEqual(
    whole.choices.map(({ message }) => message),
    [{ content: "ab", role: "assistant" }, { content: "x" }],
  );
  assert.equal(whole.usage.total_tokens, 9);
  assert.equal(whole.object, "chat.completion");
});

test("wrong chunks are given as they came", async () => {
  const odd = [{}, { choices: null }, { choices: [null, 1, "x", [], {}] }, { choices: [{ index: "a", delta: null }] }];
  const stream = await streaming([...odd.map(data), DONE]).alphaedge.chat.completions.create(request);
  assert.deepEqual(await all(stream), odd);
  assert.equal((await stream.finalCompletion()).choices[0].message.content, "");
});

test("unusual servers that conform", async () => {
  await Promise.all(
    process.env.UNUSUAL.split(",").map(async (name) => {
      const { completions } = new AlphaEdge({ baseURL: `${process.env.OTHERS}/${name}` }).chat;
      const plain = await completions.create(HELLO);
      const whole = await (await completions.create(request)).finalCompletion();
      for (const { message, finish_reason } of [...plain.choices, ...whole.choices]) {
        assert.match(message.content, /\w{2}/, name);
        assert.match(finish_reason, /^(stop|length)$/, name);
      }
    }),
  );
});

// The decoder

const UNUSUAL = {
  usual: (body) => body,
  CRLF: (body) => body.replaceAll("\n", "\r\n"),
  CR: (body) => body.replaceAll("\n", "\r"),
  mixed: (body) => body.replace("\n\n", "\r\n\n").replace("\n\n", "\n\r"),
  BOM: (body) => `\ufeff${body}`,
  "no space": (body) => body.replaceAll("data: ", "data:"),
  comments: (body) => ": hi\n\n" + body.replaceAll("data", ": c\nid: 1\nretry: 2\nevent: message\ndata"),
  "several blank lines": (body) => "\n\n" + body.replaceAll("\n\n", "\n\n\n\n\n"),
  "several data lines": (body) => body.replaceAll('"id":"c",', '"id":"c",\ndata: '),
  "no blank line at the end": (body) => body.slice(0, -1),
  "no end of line at the end": (body) => body.slice(0, -2),
};
for (const [how, change] of Object.entries(UNUSUAL)) {
  test(`a stream with ${how} is read however it is cut`, async () => {
    const body = new TextEncoder().encode(change(piece("Grüße 👋") + piece("ok") + DONE));
    for (const size of [1, 2, 3, 7, 10_000]) {
      const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, at) =>
        body.slice(at * size, (at + 1) * size),
      );
      assert.deepEqual(await texts(streaming(pieces)), ["Grüße 👋", "ok"], `${size}`);
    }
  });
}

function decoded(...pieces) {
  const decoder = new EventDecoder();
  return pieces.map((piece) => [...decoder.feed(new TextEncoder().encode(piece))].map((event) => event.data));
}

test("an event is given as soon as it is whole", () => {
  assert.deepEqual(decoded("data: a\n", "\n", "data: b\r\n\r", "\ndata: c\r\r"), [[], ["a"], ["b"], ["c"]]);
  assert.deepEqual(decoded("data: a\r", "\ndata: b\r\n\r\n"), [[], ["a\nb"]]);
  assert.deepEqual(decoded("data: a\r", "", "\ndata: b\r\n\r\n"), [[], [], ["a\nb"]]);
});

test("a large event in many pieces is read once", { timeout: 20_000 }, async () => {
  const decoder = new EventDecoder();
  const part = new TextEncoder().encode("x".repeat(256));
  [...decoder.feed(new TextEncoder().encode("data: "))];
  for (let at = 0; at < 64_000; at++) {
    assert.deepEqual([...decoder.feed(part)], []);
    assert.equal(decoder.isSilent, false);
    if (at % 1000 === 0) await setImmediate(); // so that the runner can end a test that takes too long
  }
  const [event] = [...decoder.feed(new TextEncoder().encode("\n\n"))];
  assert.equal(event.data.length, 64_000 * 256);
});

test("what the last piece holds", () => {
  const silent = (...pieces) => {
    const decoder = new EventDecoder();
    for (const piece of pieces) [...decoder.feed(new TextEncoder().encode(piece))];
    return decoder.isSilent;
  };
  for (const pieces of [[":"], [":", " c"], ["data: a\n\n", ": c"], ["data: a\n\n", "\n"], [": c\r", "\n"]]) {
    assert.equal(silent(...pieces), true, JSON.stringify(pieces));
  }
  for (const pieces of [["data"], ["data: a", ": b"], [": c", "\ndata"], ["data: a", "\n"], ["data: a\n\n: c"]]) {
    assert.equal(silent(...pieces), false, JSON.stringify(pieces));
  }
});

test("fields as WHATWG has them", () => {
  const cases = [
    ["data\ndata\n\n", ["\n"]], // two empty lines of data
    ["data:  a\n\n", [" a"]], // only one space goes
    ["data: a: b\n\n", ["a: b"]],
    ["datum: a\n data: a\nDATA: a\n:data: a\n\n", []],
    ["event: e\n\ndata: a\n\n", ["a"]],
    ["data: a", []], // it may be cut
    ["data: \ufeffa\n\n", ["\ufeffa"]], // a BOM inside is text
  ];
  for (const [text, expected] of cases) assert.deepEqual(decoded(text).flat(), expected, JSON.stringify(text));
});

test("a name holds for its own event alone", () => {
  const decoder = new EventDecoder();
  const events = [...decoder.feed(new TextEncoder().encode("event: error\n\ndata: a\n\nevent: e\ndata: b\n\n"))];
  assert.deepEqual(events, [
    { name: "", data: "a" },
    { name: "e", data: "b" },
  ]);
});

test("bytes that are no UTF-8 are replaced", () => {
  const decoder = new EventDecoder();
  const bytes = new Uint8Array([...new TextEncoder().encode("data: "), 0xff, 0x0a, 0x0a]);
  assert.deepEqual(
    [...decoder.feed(bytes)].map((event) => event.data),
    ["\ufffd"],
  );
});
