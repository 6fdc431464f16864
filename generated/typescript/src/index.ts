export { AlphaEdge, VERSION } from "./client.js";
export {
  AlphaEdgeError,
  APIConnectionError,
  APIResponseError,
  APIStatusError,
  APIStreamError,
  APITimeoutError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  UnprocessableEntityError,
} from "./errors.js";
export type { Json, JsonObject } from "./json.js";
export { Stream } from "./stream.js";
export type { ClientOptions, Fetch, RequestOptions } from "./transport.js";
export type {
  AssistantMessage,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatMessage,
  Choice,
  ChunkChoice,
  Delta,
  ErrorResponse,
  FinishReason,
  Usage,
} from "./types.js";
