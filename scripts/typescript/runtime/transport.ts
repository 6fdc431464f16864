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
  /**
   * The API key, or what gives it before each request; `ALPHAEDGE_API_KEY` of the environment by default. It is shown in
   * no error and no log.
   */
  apiKey?: string | (() => string | Promise<string>) | undefined;
  /** Another server or gateway, with or without `/v1`; `ALPHAEDGE_BASE_URL`, or else the public API, by default. */
  baseURL?: string | undefined;
  /** Milliseconds to wait for the next bytes of an answer, 300 000 by default; null to wait for ever. */
  timeout?: number | null | undefined;
  /**
   * How often a call is retried after a lost connection, 408, 409, 429 or 5xx, 2 by default; after 0.5 to 8
   * seconds, or as long as the server's Retry-After says. A timeout is not retried.
   */
  maxRetries?: number | undefined;
  /** Headers to send with every request, as well or instead. */
  defaultHeaders?: Readonly<Record<string, string>> | undefined;
  /** Parameters for the URL of every request. */
  defaultQuery?: Query | undefined;
  /** A `fetch` of your own, for proxies, certificates or hooks. */
  fetch?: Fetch | undefined;
}

export interface RequestOptions {
  /** Headers to send as well, or instead. */
  extraHeaders?: Readonly<Record<string, string>> | undefined;
  /** Parameters for the URL, beside the client's `defaultQuery` or instead. */
  extraQuery?: Query | undefined;
  /** Members of the request to send as well, or instead, as they are. */
  extraBody?: Readonly<Record<string, unknown>> | undefined;
  /** Instead of the client's `timeout`; null to wait for ever. */
  timeout?: number | null | undefined;
  /** Instead of the client's `maxRetries`. */
  maxRetries?: number | undefined;
  /** Ends the call; it then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Parameters of a URL; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What a request is, beside its options. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** The media type of the answer. */
  readonly accept: string;
  readonly body?: object;
  readonly query?: Query;
}

/** What an attempt came to that gave no answer, and how long to wait for the next, if there is to be one. */
interface Failure {
  readonly error: unknown;
  readonly pause: number | undefined;
}

export class Transport {
  /** Where the API is, without a slash at the end. */
  readonly baseURL: string;
  readonly #secret: () => Secret | Promise<Secret>;
  readonly #userAgent: string;
  readonly #timeout: number;
  readonly #maxRetries: number;
  readonly #defaultHeaders: Readonly<Record<string, string>>;
  readonly #defaultQuery: Query;
  readonly #fetch: Fetch;

  constructor(server: string, userAgent: string, options: ClientOptions) {
    this.baseURL = address(options.baseURL ?? environment("ALPHAEDGE_BASE_URL") ?? server);
    const { apiKey } = options;
    if (typeof apiKey === "function") {
      this.#secret = async () => new Secret(await apiKey());
    } else {
      const secret = new Secret(apiKey ?? environment("ALPHAEDGE_API_KEY"));
      this.#secret = () => secret;
    }
    this.#userAgent = userAgent;
    this.#timeout = milliseconds(options.timeout, TIMEOUT);
    this.#maxRetries = count(options.maxRetries, RETRIES);
    this.#defaultHeaders = options.defaultHeaders ?? {};
    this.#defaultQuery = options.defaultQuery ?? {};
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
  }

  /** An answer with a status of 2xx, which is still to be read. */
  async send(call: Call, options: RequestOptions = {}): Promise<Exchange> {
    const url = this.#url(call.path);
    const query = queryOf({ ...this.#defaultQuery, ...call.query, ...options.extraQuery });
    const body = call.body && encoded({ ...call.body, ...options.extraBody });
    const retries = count(options.maxRetries, this.#maxRetries);
    const timeout = milliseconds(options.timeout, this.#timeout);
    for (let tries = 1; ; tries++) {
      const secret = await this.#secret();
      const init = this.#init(call, body, options, secret);
      // Without the query, in which there may be keys of gateways.
      const where = secret.redact(`${call.method} ${url}${tries > 1 ? ` (tried ${tries} times)` : ""}`);
      const watch = new Watch(timeout, options.signal);
      const outcome = await this.#try(url + query, init, where, watch, secret, tries);
      if (outcome instanceof Exchange) return outcome;
      if (outcome.pause === undefined || tries > retries) throw outcome.error;
      await sleep(outcome.pause, options.signal);
    }
  }

  async #try(
    url: string,
    init: RequestInit,
    where: string,
    watch: Watch,
    secret: Secret,
    tries: number,
  ): Promise<Exchange | Failure> {
    let response: Response;
    try {
      watch.start();
      response = await this.#fetch(url, { ...init, signal: watch.signal });
      watch.stop();
    } catch (error) {
      watch.close();
      return failure(error, where, watch, secret, tries);
    }
    const exchange = new Exchange(where, watch, response, secret);
    return response.ok ? exchange : await refusal(exchange, response, tries);
  }

  /** Throws TypeError for what a header cannot hold. */
  #init({ method, accept }: Call, body: string | undefined, options: RequestOptions, secret: Secret): RequestInit {
    const headers = new Headers({ accept, authorization: secret.authorization() });
    if (IS_NODE) headers.set("user-agent", this.#userAgent);
    if (body !== undefined) headers.set("content-type", "application/json");
    for (const extra of [this.#defaultHeaders, options.extraHeaders ?? {}]) {
      for (const [name, value] of Object.entries(extra)) headers.set(name, value);
    }
    return {
      method,
      headers,
      redirect: "manual", // another place would get the conversation, and a POST may become a GET on the way
      ...(body === undefined ? {} : { body }),
    };
  }

  /** The path below the base URL, which may already end in the path's first part, `/v1`. */
  #url(path: string): string {
    const version = `/${path.split("/")[1]}`;
    return (this.baseURL.endsWith(version) ? this.baseURL.slice(0, -version.length) : this.baseURL) + path;
  }
}

/** No answer came at all. */
function failure(thrown: unknown, where: string, watch: Watch, secret: Secret, tries: number): Failure {
  const error = named(thrown, where, "no answer", watch, secret);
  // Not a timeout of the answer: the server may still be at work, and a second request would be paid for too.
  const isRetried =
    error instanceof APIConnectionError && (!(error instanceof APITimeoutError) || isConnectTimeout(thrown));
  return { error, pause: isRetried ? delay(tries) : undefined };
}

async function refusal(exchange: Exchange, { status, headers, type }: Response, tries: number): Promise<Failure> {
  const notes = [];
  let content = "";
  let isWhole = true;
  try {
    content = await exchange.text();
  } catch (error) {
    if (exchange.watch.isEndedByProgram) return { error, pause: undefined };
    isWhole = false;
    notes.push("its body broke off");
  }
  const response = exchange.redactedResponse(content);
  const location = response.headers.get("location");
  if (location) notes.push(`it leads to ${location}; correct baseURL`);
  else if (type === "opaqueredirect") notes.push("it leads elsewhere; correct baseURL");
  const asked = askedFor(headers);
  if (asked !== undefined) notes.push(`the server asks to wait ${Math.round(asked / 1000)} s`);
  return {
    error: refused(exchange.where, response, notes),
    pause: isWhole && isWorthRetrying(status) ? delay(tries, headers) : undefined,
  };
}

/** Throws TypeError for what JSON cannot hold, where JSON.stringify would send null or exhaust the stack. */
function encoded(request: object): string {
  try {
    return JSON.stringify(request, (name, value: unknown) => {
      if (typeof value === "number" && !Number.isFinite(value)) {
        throw new TypeError(`${name} is ${value}, which JSON cannot hold`);
      }
      return value;
    });
  } catch (error) {
    if (error instanceof RangeError) throw new TypeError("the request is nested too deeply", { cause: error });
    throw error;
  }
}

function queryOf(query: Query): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return pairs.length ? `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}` : "";
}

function milliseconds(timeout: number | null | undefined, otherwise: number): number {
  if (timeout === undefined) return otherwise;
  if (timeout === null) return Infinity;
  if (typeof timeout === "number" && timeout > 0) return timeout;
  throw new AlphaEdgeError(`timeout is ${String(timeout)}; give milliseconds, or null to wait for ever`);
}

function count(retries: number | null | undefined, otherwise: number): number {
  if (retries === undefined || retries === null) return otherwise;
  if (retries === Infinity || (Number.isInteger(retries) && retries >= 0)) return retries;
  throw new AlphaEdgeError(`maxRetries is ${String(retries)}; give a whole number, 0 for none`);
}

function address(baseURL: string): string {
  let url: URL;
  try {
    url = new URL(baseURL);
  } catch {
    throw new AlphaEdgeError("baseURL is not a valid URL; give one as https://api.example.com");
  }
  if (!/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new AlphaEdgeError("baseURL is not the URL of an API; give one as https://api.example.com");
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
