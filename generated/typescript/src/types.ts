// Made from openapi.yaml by `make generate`, through scripts/typescript/templates/; edit those.
/** What goes in and comes back, by the contract. */

import type { Identified } from "./raw.js";
import type { components } from "./schema.js";

type Schemas = components["schemas"];

/** A conversation and how to continue it. */
export type ChatCompletionRequest = Schemas["ChatCompletionRequest"];

/** One message of the conversation. */
export type ChatMessage = Schemas["ChatMessage"];

/** A completion of the conversation. */
export type ChatCompletion = Schemas["ChatCompletion"] & Identified;

/** One answer to the conversation. */
export type Choice = Schemas["Choice"];

/** What the model says. */
export type AssistantMessage = Schemas["AssistantMessage"];

/** Why the answer ends: `stop`, it is complete; `length`, it was cut by `max_tokens`. A server may send a value that is not listed. */
export type FinishReason = Schemas["FinishReason"];

/** Usage statistics for the completion request. */
export type Usage = Schemas["Usage"];

/** A piece of a completion, sent as the data of one server-sent event. */
export type ChatCompletionChunk = Schemas["ChatCompletionChunk"];

/** What is new in one choice. */
export type ChunkChoice = Schemas["ChunkChoice"];

/** A piece of the message, to be appended to the pieces before it. */
export type Delta = Schemas["Delta"];

/** Why a request was refused or failed. */
export type ErrorResponse = Schemas["ErrorResponse"];
