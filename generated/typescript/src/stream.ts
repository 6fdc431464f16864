// Copied from scripts/typescript/runtime/stream.ts by `make generate`; edit that.
/// <reference lib="esnext.disposable" preserve="true" />
/** The chunks of a streamed answer, as they come. */

import { APIResponseError, APIStreamError } from "./errors.js";
import { EventDecoder, type ServerSentEvent } from "./events.js";
import type { Exchange } from "./exchange.js";
import { Fold, newText, type Shape } from "./fold.js";
import { isObject } from "./json.js";
import { identify } from "./raw.js";
import type { Watch } from "./watch.js";

const DONE = "[DONE]";

/** Milliseconds to wait after `[DONE]` for the end of the response, so that the connection can be used again. */
const LAST_WAIT = 1000;

/** Labels of bodies that are no stream; any other label is tried as one. */
const OTHER_TYPES = ["application/json", "text/html"];

/** Ends the request of a stream that the program dropped without a word, once it is collected. */
const dropped = new FinalizationRegistry<Watch>((watch) => watch.close());

/**
 * Iterates over the chunks of an answer as they come, and ends the request when left early.
 *
 * Throws APIStreamError where the server reports an error, sends no chunk or ends without `[DONE]`, and APIConnectionError where the
 * connection is lost.
 */
export class Stream<Chunk, Whole> implements AsyncIterable<Chunk> {
  readonly #exchange: Exchange;
  readonly #chunks: AsyncGenerator<Chunk, void, undefined>;
  readonly #fold: Fold;
  #isClosed = false;

  private constructor(exchange: Exchange, shape: Shape) {
    this.#exchange = exchange;
    this.#fold = new Fold(shape);
    this.#chunks = this.#read();
    dropped.register(this, exchange.watch);
  }

  /** Throws APIResponseError where the answer is labelled as no stream. */
  static async open<Chunk, Whole>(exchange: Exchange, shape: Shape): Promise<Stream<Chunk, Whole>> {
    const type = exchange.mediaType;
    if (OTHER_TYPES.some((other) => type.startsWith(other))) {
      const content = await exchange.text();
      throw exchange.unexpectedBodyError(APIResponseError, `expected a stream of events, got ${type}`, content);
    }
    return new Stream(exchange, shape);
  }

  /** What the operator of the server needs to find this request: the `x-request-id` header. */
  get requestId(): string | undefined {
    return this.#exchange.redactedResponse("").requestId;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Chunk, void, undefined> {
    return this.#chunks;
  }

  /** The text of the first choice, piece by piece; then `finalCompletion()` gives the whole answer. */
  async *text(): AsyncGenerator<string, void, undefined> {
    for await (const chunk of this.#chunks) {
      const text = newText(chunk);
      if (text) yield text;
    }
  }

  /**
   * Reads to the end and returns the whole answer, as a call without `stream` gives it.
   *
   * After an error, a second call returns what came before it.
   */
  async finalCompletion(): Promise<Whole> {
    while (!(await this.#chunks.next()).done);
    const whole = this.#fold.whole();
    identify(whole, this.requestId);
    return whole as Whole;
  }

  /** Ends the request, unless the stream was read to its end. Leaving a `for await` early does the same. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#exchange.watch.close();
    await this.#chunks.return();
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#read(): AsyncGenerator<Chunk, void, undefined> {
    const { watch } = this.#exchange;
    const decoder = new EventDecoder();
    let isDone = false;
    let hasChunk = false;
    try {
      watch.start();
      for await (const piece of this.#exchange.pieces()) {
        if (isDone) continue;
        for (const event of decoder.feed(piece)) {
          isDone = event.data.startsWith(DONE);
          if (isDone) break;
          watch.stop();
          hasChunk = true;
          yield this.#chunk(event);
        }
        if (isDone && !hasChunk) break;
        if (isDone) watch.start(LAST_WAIT);
        else if (!decoder.isSilent) watch.start();
      }
      if (!isDone && decoder.end()?.data !== DONE) {
        throw this.#broken("it ended without [DONE]; the answer may be cut");
      }
      if (!hasChunk) throw this.#broken("it has no chunk before [DONE]");
    } catch (error) {
      // After [DONE] nothing is missing, unless the server broke off before any reason to end: it says [DONE] then too.
      const isWhole = isDone && (this.#fold.isFinished || watch.isLate);
      if (!isWhole && !this.#isClosed) throw error;
    } finally {
      watch.close();
    }
  }

  #chunk({ name, data }: ServerSentEvent): Chunk {
    if (name === "error") throw this.#broken("the server reported an error", data);
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      throw this.#broken("an event is not valid JSON", data);
    }
    if (!isObject(value)) throw this.#broken("an event is not a JSON object", data);
    if (value["error"]) throw this.#broken("the server reported an error", data);
    this.#fold.add(value);
    return value as Chunk;
  }

  #broken(what: string, data = ""): APIStreamError {
    return this.#exchange.unexpectedBodyError(APIStreamError, `the stream broke off: ${what}`, data);
  }
}
