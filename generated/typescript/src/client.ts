// Made from openapi.yaml by `make generate`, through scripts/typescript/templates/; edit those.
import * as resources from "./resources.js";
import { Transport, type ClientOptions } from "./transport.js";

export const VERSION = "0.1.0";

/**
 * The API.
 *
 * Every option is optional. Without any, the key is that of `ALPHAEDGE_API_KEY`, and the server that of
 * `ALPHAEDGE_BASE_URL`, or else https://api.alphaedge-ai.com.
 *
 * @throws {AlphaEdgeError} There is no API key, or `baseURL` is not a valid URL.
 */
export class AlphaEdge {
  /** Where the API is. */
  readonly baseURL: string;
  readonly #options: ClientOptions;
  /** `/chat` */
  readonly chat: resources.Chat;

  constructor(options: ClientOptions = {}) {
    const transport = new Transport("https://api.alphaedge-ai.com", `alphaedge-typescript/${VERSION}`, options);
    this.#options = options;
    this.baseURL = transport.baseURL;
    this.chat = new resources.Chat(transport);
  }

  /** A client with the same options, but these. */
  withOptions(options: ClientOptions): AlphaEdge {
    return new AlphaEdge({ ...this.#options, ...options });
  }
}
