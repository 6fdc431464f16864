/** Sends requests, again where that helps. */

import { environment, IS_NODE } from "./environment.js";
import { AlphaEdgeError, APITimeoutError, APIConnectionError, refused } from "./errors.js";
import { Exchange, isConnectTimeout, named } from "./exchange.js";
import { askedFor, delay, isWorthRetrying } from "./retry.js";
import { Secret } from "./secret.js";
import { Watch } from "./watch.js";

/** Milliseconds. An answer that is not streamed comes all at once, after minutes of silence where it is long. */
const TIMEOUT = 300_000;
const RETRIES = 2;

export interface ClientOptions {
  /** The API key; `ALPHAEDGE_API_KEY` of the environment by default. It is shown in no error and no log. */
  apiKey?: string | undefined;
  /** Another server or gateway, with or without `/v1`; `ALPHAEDGE_BASE_URL`, or else the public API, by default. */
  baseURL?: string | undefined;
  /** Milliseconds to wait for the next bytes of an answer, 300 000 by default. */
  timeout?: number | undefined;
  /**
   * How often a call is tried again after a lost connection, 408, 409, 429 or 5xx, 2 by default; after 0.5 to 8
   * seconds, or as long as the server's Retry-After says. A timeout is not tried again.
   */
  maxRetries?: number | undefined;
  /** A `fetch` of your own, for proxies, certificates or hooks. */
  fetch?: Fetch | undefined;
}

export interface RequestOptions {
  /** Headers to send as well, or instead. */
  extraHeaders?: Readonly<Record<string, string>> | undefined;
  /** Members of the request to send as well, or instead, as they are. */
  extraBody?: Readonly<Record<string, unknown>> | undefined;
  /** Instead of the client's `timeout`. */
  timeout?: number | undefined;
  /** Instead of the client's `maxRetries`. */
  maxRetries?: number | undefined;
  /** Ends the call; it then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What a request is, beside its options. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** The media type of the answer. */
  readonly accept: string;
  readonly body?: object;
}

/** What an attempt came to that gave no answer, and how long to wait for the next, if there is to be one. */
interface Failure {
  readonly error: unknown;
  readonly pause: number | undefined;
}

export class Transport {
  /** Where the API is, without a slash at the end. */
  readonly baseURL: string;
  readonly #secret: Secret;
  readonly #userAgent: string;
  readonly #timeout: number;
  readonly #maxRetries: number;
  readonly #fetch: Fetch;

  constructor(server: string, userAgent: string, options: ClientOptions) {
    this.baseURL = address(options.baseURL ?? environment("ALPHAEDGE_BASE_URL") ?? server);
    this.#secret = new Secret(options.apiKey);
    this.#userAgent = userAgent;
    this.#timeout = options.timeout ?? TIMEOUT;
    this.#maxRetries = options.maxRetries ?? RETRIES;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
  }

  /** An answer with a status of 2xx, which is still to be read. */
  async send(call: Call, options: RequestOptions = {}): Promise<Exchange> {
    const url = this.#url(call.path);
    const init = this.#init(call, options);
    const retries = options.maxRetries ?? this.#maxRetries;
    for (let tries = 1; ; tries++) {
      const where = `${call.method} ${url}${tries > 1 ? ` (tried ${tries} times)` : ""}`;
      const watch = new Watch(options.timeout ?? this.#timeout, options.signal);
      const outcome = await this.#try(url, init, where, watch, tries);
      if (outcome instanceof Exchange) return outcome;
      if (outcome.pause === undefined || tries > retries) throw outcome.error;
      await sleep(outcome.pause, options.signal);
    }
  }

  async #try(url: string, init: RequestInit, where: string, watch: Watch, tries: number): Promise<Exchange | Failure> {
    try {
      watch.start();
      const response = await this.#fetch(url, { ...init, signal: watch.signal });
      watch.stop();
      const exchange = new Exchange(where, watch, response, this.#secret);
      return response.ok ? exchange : await refusal(exchange, response, tries);
    } catch (error) {
      watch.close();
      return this.#failure(error, where, watch, tries);
    }
  }

  #failure(thrown: unknown, where: string, watch: Watch, tries: number): Failure {
    const error = thrown instanceof AlphaEdgeError ? thrown : named(thrown, where, "no answer", watch, this.#secret);
    // Not a timeout of the answer: the server may still be at work, and a second request would be paid for too.
    const isRetried =
      error instanceof APIConnectionError && (!(error instanceof APITimeoutError) || isConnectTimeout(thrown));
    return { error, pause: isRetried ? delay(tries) : undefined };
  }

  /** Throws TypeError for what JSON or a header cannot hold. */
  #init({ method, accept, body }: Call, options: RequestOptions): RequestInit {
    const headers = new Headers({ accept, authorization: this.#secret.authorization() });
    if (IS_NODE) headers.set("user-agent", this.#userAgent);
    if (body) headers.set("content-type", "application/json");
    for (const [name, value] of Object.entries(options.extraHeaders ?? {})) headers.set(name, value);
    return {
      method,
      headers,
      redirect: "manual", // another place would get the conversation, and a POST may become a GET on the way
      ...(body ? { body: JSON.stringify({ ...body, ...options.extraBody }) } : {}),
    };
  }

  /** The path below the base URL, which may already end in the path's first part, `/v1`. */
  #url(path: string): string {
    const version = `/${path.split("/")[1]}`;
    return (this.baseURL.endsWith(version) ? this.baseURL.slice(0, -version.length) : this.baseURL) + path;
  }
}

async function refusal(exchange: Exchange, { status, headers, type }: Response, tries: number): Promise<Failure> {
  const answered = exchange.answered(await exchange.text());
  const notes = [];
  const location = answered.headers.get("location");
  if (location) notes.push(`it leads to ${location}; correct baseURL`);
  else if (type === "opaqueredirect") notes.push("it leads elsewhere; correct baseURL");
  const asked = askedFor(headers);
  if (asked !== undefined) notes.push(`the server asks to wait ${Math.round(asked / 1000)} s`);
  return {
    error: refused(exchange.where, answered, notes),
    pause: isWorthRetrying(status) ? delay(tries, headers) : undefined,
  };
}

function address(baseURL: string): string {
  let url: URL;
  try {
    url = new URL(baseURL);
  } catch {
    throw new AlphaEdgeError("baseURL is no URL; give one as https://api.example.com");
  }
  if (!/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new AlphaEdgeError("baseURL is no URL of an API; give one as https://api.example.com");
  }
  if (url.username || url.password) {
    throw new AlphaEdgeError("baseURL has a user or a password, which fetch does not send; leave them out");
  }
  return url.href.replace(/\/+$/, "");
}

/** Throws the signal's reason where it ends the wait. */
async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    signal?.addEventListener("abort", wake);
  });
  signal?.throwIfAborted();
}
