/** An answer with its status and headers. */

import type { Exchange } from "./exchange.js";

/** What a call of `withRawResponse` returns. */
export class RawResponse<T> {
  /** The HTTP status. */
  readonly status: number;
  /** The response headers; a browser shows those that the server exposes. */
  readonly headers: Headers;
  /** What the operator of the server needs to find this request: the `x-request-id` header. */
  readonly requestId: string | undefined;
  readonly #content: string;
  readonly #parse: () => T;

  constructor(exchange: Exchange, content: string, parse: () => T) {
    const { status, headers, requestId } = exchange.redactedResponse("");
    this.status = status;
    this.headers = headers;
    this.requestId = requestId;
    this.#content = content;
    this.#parse = parse;
  }

  /** The text of the body. A stream has none: iterate over `parse()`. */
  get content(): string {
    return this.#content;
  }

  /**
   * What the call without `withRawResponse` returns.
   *
   * @throws {APIResponseError} The body is not what it should be.
   */
  parse(): T {
    return this.#parse();
  }
}

/** What an answer has beside its JSON. */
export interface Identified {
  /** What the operator of the server needs to find this request: the `x-request-id` header. */
  readonly requestId?: string | undefined;
}

/** Gives an answer its request id, which is no part of its JSON. */
export function identify(answer: object, requestId: string | undefined): void {
  if (!("requestId" in answer)) Object.defineProperty(answer, "requestId", { value: requestId });
}
