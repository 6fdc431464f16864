// What the tests share. They run in a folder where the package is installed, as it is published.
import { AlphaEdge } from "@alphaedge/alphaedge";

export const KEY = process.env.ALPHAEDGE_API_KEY;
export const GREETING = "Hello! How can I help you today?";
export const HELLO = { model: "alphaedge-large-3-2512", messages: [{ role: "user", content: "Hello!" }] };
export const ERROR = { error: { message: "No.", type: "t", param: "model", code: "c" } };

/** A client whose `fetch` answers so, in this order, the last for ever; an Error is thrown. */
export function answering(...answers) {
  return answeringWith({}, ...answers);
}

export function answeringWith(options, ...answers) {
  const asked = [];
  const alphaedge = new AlphaEdge({
    apiKey: KEY,
    baseURL: "http://host",
    maxRetries: 0,
    ...options,
    fetch: async (url, init) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({ url, init, body: init.body && JSON.parse(init.body) });
      if (answer instanceof Error) throw answer;
      return answer.clone();
    },
  });
  return { alphaedge, asked };
}

export function json(value, status = 200, headers = {}) {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
}

/** A client whose server always streams these pieces: texts or bytes. */
export function streaming(pieces, options = {}) {
  const encoder = new TextEncoder();
  let cancelled = false;
  const alphaedge = new AlphaEdge({
    apiKey: KEY,
    baseURL: "http://host",
    maxRetries: 0,
    ...options,
    fetch: async () => {
      const rest = [...pieces];
      const body = new ReadableStream(
        {
          pull(controller) {
            const piece = rest.shift();
            if (piece === undefined) controller.close();
            else controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
          },
          cancel() {
            cancelled = true;
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    },
  });
  return { alphaedge, isCancelled: () => cancelled };
}

export const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
export const piece = (text, index = 0) =>
  data({
    id: "c",
    object: "chat.completion.chunk",
    choices: [{ index, delta: { content: text }, finish_reason: null }],
  });
export const DONE = "data: [DONE]\n\n";

export async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** What a call throws; fails where it throws nothing. */
export async function thrown(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected an error, got none");
}
