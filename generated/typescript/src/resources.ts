// Made from openapi.yaml by `make generate`, through scripts/typescript/templates/; edit those.
/** The operations of the API, by their paths. */

import { RawResponse } from "./raw.js";
import { Stream } from "./stream.js";
import type { RequestOptions, Transport } from "./transport.js";
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from "./types.js";

/** `/chat` */
export class Chat {
  /** `/chat/completions` */
  readonly completions: ChatCompletions;

  constructor(transport: Transport) {
    this.completions = new ChatCompletions(transport);
  }
}

/** `/chat/completions` */
export class ChatCompletions {
  /** The same calls, which return a RawResponse with the status and the headers. */
  readonly withRawResponse: ChatCompletionsWithRawResponse;

  constructor(transport: Transport) {
    this.withRawResponse = new ChatCompletionsWithRawResponse(transport);
  }

  /**
   * Create a chat completion.
   *
   * This endpoint allows you to have a conversation with the model by sending a series of messages.
   *
   * `POST /v1/chat/completions`. Members that are undefined are omitted; nothing is validated on the client.
   *
   * @returns The completion, or its chunks as they are made when `stream` is true.
   * @throws {APIStatusError} The server refused; the subclass names the status, as RateLimitError.
   * @throws {APIConnectionError} No answer came, or it broke off; APITimeoutError: not in time.
   * @throws {APIResponseError} The answer is not what it should be.
   */
  create(
    request: ChatCompletionRequest & { stream?: false | undefined },
    options?: RequestOptions,
  ): Promise<ChatCompletion>;

  /**
   * Create a chat completion, as a stream.
   *
   * As above; the chunks come while they are made, and half an answer throws APIStreamError at its end.
   */
  create(
    request: ChatCompletionRequest & { stream: true },
    options?: RequestOptions,
  ): Promise<Stream<ChatCompletionChunk, ChatCompletion>>;

  /** Create a chat completion, whole or as a stream. */
  create(
    request: ChatCompletionRequest,
    options?: RequestOptions,
  ): Promise<ChatCompletion | Stream<ChatCompletionChunk, ChatCompletion>>;

  async create(
    request: ChatCompletionRequest,
    options?: RequestOptions,
  ): Promise<ChatCompletion | Stream<ChatCompletionChunk, ChatCompletion>> {
    return (await this.withRawResponse.create(request, options)).parse();
  }
}

/** `/chat/completions`, with the status and the headers of each answer. */
export class ChatCompletionsWithRawResponse {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Create a chat completion. */
  create(
    request: ChatCompletionRequest & { stream?: false | undefined },
    options?: RequestOptions,
  ): Promise<RawResponse<ChatCompletion>>;

  /**
   * Create a chat completion, as a stream.
   *
   * As above; the chunks come while they are made, and half an answer throws APIStreamError at its end.
   */
  create(
    request: ChatCompletionRequest & { stream: true },
    options?: RequestOptions,
  ): Promise<RawResponse<Stream<ChatCompletionChunk, ChatCompletion>>>;

  /** Create a chat completion, whole or as a stream. */
  create(
    request: ChatCompletionRequest,
    options?: RequestOptions,
  ): Promise<RawResponse<ChatCompletion | Stream<ChatCompletionChunk, ChatCompletion>>>;

  async create(
    request: ChatCompletionRequest,
    options?: RequestOptions,
  ): Promise<RawResponse<ChatCompletion | Stream<ChatCompletionChunk, ChatCompletion>>> {
    const call = { method: "POST", path: "/v1/chat/completions", body: request };
    if (request.stream) {
      const exchange = await this.#transport.send({ ...call, accept: "text/event-stream" }, options);
      const stream = await Stream.open<ChatCompletionChunk, ChatCompletion>(exchange, {
        choices: [{ delta: { role: "whole" }, finish_reason: "whole" }],
        id: "whole",
        object: "whole",
        usage: {},
      });
      return new RawResponse(exchange, "", () => stream);
    }
    const exchange = await this.#transport.send({ ...call, accept: "application/json" }, options);
    const content = await exchange.text();
    return new RawResponse(exchange, content, () => exchange.object<ChatCompletion>(content));
  }
}
