import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { test } from "node:test";
import { inspect } from "node:util";

import * as package_ from "@alphaedge/alphaedge";
import { all, answering, ERROR, HELLO, json, KEY, thrown } from "./help.mjs";

const { AlphaEdge, AlphaEdgeError, APIConnectionError, APIResponseError, APIStatusError, APITimeoutError } = package_;
const MOCK = process.env.ALPHAEDGE_BASE_URL;

const BY_STATUS = {
  302: "APIStatusError",
  400: "BadRequestError",
  401: "AuthenticationError",
  403: "PermissionDeniedError",
  404: "NotFoundError",
  405: "APIStatusError",
  413: "APIStatusError",
  422: "UnprocessableEntityError",
  429: "RateLimitError",
  500: "InternalServerError",
  503: "InternalServerError",
};

for (const [status, name] of Object.entries(BY_STATUS)) {
  for (const stream of [false, true]) {
    test(`${status} of the mock is a ${name}, ${stream ? "streamed" : "whole"}`, async () => {
      const refuse = { ...ERROR.error, times: 1, status: Number(status), headers: { "x-request-id": "r-7" } };
      const extraHeaders = { "x-refuse": JSON.stringify(refuse), "x-test": randomUUID() };
      const alphaedge = new AlphaEdge({ maxRetries: 0 });
      const error = await thrown(alphaedge.chat.completions.create({ ...HELLO, stream }, { extraHeaders }));
      assert.equal(error.constructor, package_[name]);
      assert.ok(error instanceof APIStatusError && error instanceof AlphaEdgeError && error instanceof Error);
      assert.equal(error.name, name);
      assert.equal(error.status, Number(status));
      assert.deepEqual(error.body, ERROR);
      assert.deepEqual([error.type, error.param, error.code, error.requestId], ["t", "model", "c", "r-7"]);
      assert.ok(error.message.startsWith(`${status} from POST ${MOCK}/v1/chat/completions: No. (`), error.message);
      assert.match(error.message, /request id r-7/);
    });
  }
}

test("what the mock itself refuses", async () => {
  const refused = async (change, options) =>
    thrown(new AlphaEdge(options).chat.completions.create({ ...HELLO, ...change }));
  const invalid = await refused({ temperature: 3 });
  assert.equal(invalid.name, "BadRequestError");
  assert.equal(invalid.param, "temperature");
  const unknown = await refused({ model: "none" });
  assert.equal(unknown.name, "NotFoundError");
  assert.match(unknown.message, /check the model and baseURL/);
  const stranger = await refused({}, { apiKey: "sk-wrong-0123456789" });
  assert.equal(stranger.name, "AuthenticationError");
  assert.match(stranger.message, /check apiKey or ALPHAEDGE_API_KEY/);
});

const BODIES = [
  ['{"error": "Plain text."}', "Plain text."],
  ['{"detail": "From a framework."}', "From a framework."],
  ['{"message": "On top."}', "On top."],
  ['"A string."', "A string."],
  ["<html> <h1>Bad\n Gateway</h1>", '"<html> <h1>Bad Gateway</h1>"'],
  ["", "no body"],
  ["[1]", '"[1]"'],
];
for (const [body, says] of BODIES) {
  test(`an error whose body is ${JSON.stringify(body)}`, async () => {
    const { alphaedge } = answering(new Response(body, { status: 502 }));
    const error = await thrown(alphaedge.chat.completions.create(HELLO));
    assert.equal(error.message, `502 from POST http://host/v1/chat/completions: ${says}`);
    assert.equal(error.content, body);
  });
}

test("a long page is not printed whole", async () => {
  const { alphaedge } = answering(new Response("x".repeat(100_000), { status: 502 }));
  const error = await thrown(alphaedge.chat.completions.create(HELLO));
  assert.ok(error.message.length < 400);
  assert.equal(error.content.length, 100_000);
});

test("a redirect says where it leads, and is not followed", async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/" ? 200 : 307, { location: "/" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const alphaedge = new AlphaEdge({ baseURL: `http://127.0.0.1:${server.address().port}` });
    const error = await thrown(alphaedge.chat.completions.create(HELLO));
    assert.match(error.message, /^307 .*it leads to \/; correct baseURL/);
  } finally {
    server.close().closeAllConnections();
  }
});

for (const body of ["", "<html>", "{", "null", "[]", '"x"', "7", "[".repeat(100_000), '{"error": {"message": "x"}}']) {
  for (const stream of [false, true]) {
    test(`a success that is none: ${body.slice(0, 30)}, ${stream ? "streamed" : "whole"}`, async () => {
      const { alphaedge } = answering(new Response(body, { headers: { "content-type": "application/json" } }));
      const error = await thrown(alphaedge.chat.completions.create({ ...HELLO, stream }));
      assert.equal(error.constructor, APIResponseError);
      assert.equal(error.status, 200);
      assert.equal(error.content, body);
    });
  }
}

test("the key is in no error, however a server or a fetch repeats it", async () => {
  const body = { error: { message: `Incorrect key: ${KEY}`, param: KEY, [KEY]: KEY } };
  const headers = { "x-request-id": KEY, location: `/${KEY}`, "x-echo": `Bearer ${KEY}` };
  const stream = new Response(`data: ${JSON.stringify(body)}\n\n`, {
    headers: { ...headers, "content-type": "text/event-stream" },
  });
  const escaped = JSON.stringify(body).replaceAll("sk-", "\\u0073k-");
  const cases = [
    new Response(escaped, { status: 401 }),
    json(body, 401, headers),
    json(body, 307, headers),
    json(body, 200, headers),
    stream,
    new Error(`bad header Bearer ${KEY}`),
    new TypeError("failed", { cause: new Error(KEY) }),
  ];
  for (const answer of cases) {
    const { completions } = answering(answer).alphaedge.chat;
    const call =
      answer === stream ? completions.create({ ...HELLO, stream: true }).then(all) : completions.create(HELLO);
    const error = await thrown(call);
    assert.ok(error instanceof AlphaEdgeError);
    const shown = [
      inspect(error, { depth: 20, showHidden: true, getters: true }),
      `${error}`,
      error.stack,
      JSON.stringify(error),
    ];
    assert.ok(!shown.join().includes(KEY), shown.join());
  }
});

test("nobody listens", async () => {
  const alphaedge = new AlphaEdge({ baseURL: "http://127.0.0.1:1", maxRetries: 0 });
  const error = await thrown(alphaedge.chat.completions.create(HELLO));
  assert.equal(error.constructor, APIConnectionError);
  assert.match(
    error.message,
    /^POST http:\/\/127.0.0.1:1\/v1\/chat\/completions: no answer: .*; check baseURL and the network$/,
  );
  assert.ok(error.cause instanceof Error);
});

test("one hierarchy", () => {
  const errors = Object.entries(package_).filter(([name]) => name.endsWith("Error"));
  assert.equal(errors.length, 15);
  for (const [name, kind] of errors) {
    assert.ok(kind === AlphaEdgeError || kind.prototype instanceof AlphaEdgeError, name);
    assert.equal(kind.name, name);
  }
});

test("no wrong server makes the client throw what is not its own, and none makes it wait for ever", async () => {
  const names = process.env.FAULTS.split(",");
  assert.ok(names.length > 100);
  const options = { maxRetries: 0, timeout: 3000 };
  await Promise.all(
    names.map(async (name) => {
      const { completions } = new AlphaEdge({ ...options, baseURL: `${process.env.OTHERS}/${name}` }).chat;
      for (const call of [
        () => completions.create(HELLO),
        () => completions.create({ ...HELLO, stream: true }).then((s) => s.finalCompletion()),
      ]) {
        await call().catch((error) => assert.ok(error instanceof AlphaEdgeError, `${name}: ${inspect(error)}`));
      }
    }),
  );
});
