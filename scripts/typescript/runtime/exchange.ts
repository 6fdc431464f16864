/** An answer that is being read. */

import {
  APIConnectionError,
  APIResponseError,
  APITimeoutError,
  unexpectedBodyError,
  requestId,
  type APIResponse,
} from "./errors.js";
import { isObject } from "./json.js";
import { identify } from "./raw.js";
import type { Secret } from "./secret.js";
import type { Watch } from "./watch.js";

/** A response whose status and headers are there, and what its errors say. */
export class Exchange {
  /** The method and the URL, for messages. */
  readonly where: string;
  readonly watch: Watch;
  readonly #response: Response;
  readonly #secret: Secret;

  constructor(where: string, watch: Watch, response: Response, secret: Secret) {
    this.where = where;
    this.watch = watch;
    this.#response = response;
    this.#secret = secret;
  }

  get mediaType(): string {
    return this.#response.headers.get("content-type")?.toLowerCase() ?? "";
  }

  /** The body as it comes. Whoever reads it has the watch. */
  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = this.#response.body?.getReader();
    if (!reader) return;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw named(error, this.where, "the connection broke", this.watch, this.#secret);
    } finally {
      reader.cancel().catch(() => undefined); // what is left of the body, where the reader left early
    }
  }

  /** The whole body. */
  async text(): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      this.watch.start();
      for await (const piece of this.pieces()) {
        this.watch.start();
        text += decoder.decode(piece, { stream: true });
      }
      return text + decoder.decode();
    } finally {
      this.watch.close();
    }
  }

  /** The whole body, which is `content`, as a JSON object; it is not validated. */
  object<T>(content: string): T {
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch {
      const what = content ? "expected JSON, got" : "expected JSON, got nothing";
      throw this.unexpectedBodyError(APIResponseError, what, content);
    }
    if (!isObject(value)) throw this.unexpectedBodyError(APIResponseError, "expected a JSON object, got", content);
    if (value["error"] && !("choices" in value)) {
      throw this.unexpectedBodyError(APIResponseError, "the server reported an error", content);
    }
    identify(value, this.redactedResponse("").requestId);
    return value as T;
  }

  /** What came, for an error: without the API key. */
  redactedResponse(content: string): APIResponse {
    const headers = this.#secret.redactAll(this.#response.headers);
    return {
      status: this.#response.status,
      headers,
      content: this.#secret.redact(content),
      body: this.#secret.redactedJSON(content),
      requestId: requestId(headers),
    };
  }

  unexpectedBodyError<E>(kind: new (message: string, response: APIResponse) => E, what: string, content: string): E {
    return unexpectedBodyError(kind, this.where, this.redactedResponse(content), what);
  }
}

const TIMEOUTS_OF_NODE = ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"];

/** What to throw for what `fetch` threw; the program's own reason where its signal ended the request. */
export function named(error: unknown, where: string, what: string, watch: Watch, secret: Secret): unknown {
  if (watch.isEndedByProgram) return watch.reason;
  const { code, message } = beneath(error);
  const options = secret.isShownBy(error) ? {} : { cause: error };
  if (watch.isLate || TIMEOUTS_OF_NODE.includes(String(code))) {
    return new APITimeoutError(`${where}: no answer in time; a longer \`timeout\` may help`, options);
  }
  if (isConnectTimeout(error)) {
    return new APITimeoutError(`${where}: no connection in time; check baseURL and the network`, options);
  }
  const why = secret.redact(String(message || code || error));
  return new APIConnectionError(`${where}: ${what}: ${why}; check baseURL and the network`, options);
}

export function isConnectTimeout(error: unknown): boolean {
  return beneath(error).code === "UND_ERR_CONNECT_TIMEOUT";
}

/** The error that says more: Node's `fetch` keeps it as the cause of one that says "fetch failed". */
function beneath(error: unknown): { readonly code?: unknown; readonly message?: unknown } {
  if (!(error instanceof Error)) return {};
  return error.cause instanceof Error ? error.cause : error;
}
