// What a careful program does with the package; `tsc --strict` has nothing to say about it.
import {
  AlphaEdge,
  APIConnectionError,
  APIError,
  APIResponseError,
  APIStatusError,
  APIStreamError,
  APITimeoutError,
  ConflictError,
  RateLimitError,
  RawResponse,
  Stream,
  type APIResponse,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatCompletionRequest,
  type ChatMessage,
  type FinishReason,
} from "@alphaedge/alphaedge";

const alphaedge = new AlphaEdge({ apiKey: undefined, timeout: 60_000, maxRetries: 3, fetch });
new AlphaEdge({ apiKey: async () => "key", timeout: null, defaultHeaders: { "x-team": "a" }, defaultQuery: { v: 1 } });
const messages: ChatMessage[] = [{ role: "user", content: "Hello!" }];

const completion: ChatCompletion = await alphaedge.chat.completions.create({ model: "m", messages });
const reason: FinishReason | undefined = completion.choices[0]?.finish_reason;
const total: number = completion.usage.total_tokens;
// What a server may do: no text, and a reason that the contract does not list.
const content: string | null | undefined = completion.choices[0]?.message.content;
const isFiltered: boolean = reason === "content_filter";
const isCut: boolean = reason === "length";
const id: string | undefined = completion.requestId;
console.log(content?.length, isFiltered, isCut, id);
messages.push(...completion.choices.map((choice) => choice.message));

const request: ChatCompletionRequest = { model: "m", messages, max_tokens: 8, temperature: 0.5 };
const plain: ChatCompletion = await alphaedge.chat.completions.create({ ...request, stream: false });
const stream: Stream<ChatCompletionChunk, ChatCompletion> = await alphaedge.chat.completions.create(
  { ...request, stream: true },
  { timeout: 5000, signal: AbortSignal.timeout(5000), extraHeaders: { "x-team": "search" }, extraBody: { top_k: 1 } },
);
for await (const chunk of stream) {
  const text: string | null | undefined = chunk.choices[0]?.delta.content;
  const used: number | undefined = chunk.usage?.total_tokens;
  console.log(text, used);
}
for await (const text of stream.text()) console.log(text.toUpperCase());
const whole: ChatCompletion = await stream.finalCompletion();
await stream.close();
const raw: RawResponse<ChatCompletion> = await alphaedge.chat.completions.withRawResponse.create({ ...request, stream: false });
console.log(raw.status, raw.headers.get("x-request-id"), raw.requestId, raw.content, raw.parse().choices);
const streamed = await alphaedge.chat.completions.withRawResponse.create({ ...request, stream: true }, { timeout: null });
{
  await using left = streamed.parse();
  for await (const chunk of left) console.log(chunk.choices, left.requestId);
}
await alphaedge.chat.completions.create(request, { extraQuery: { v: 2, on: true } });

const either = await alphaedge.chat.completions.create({ ...request, stream: Math.random() < 0.5 });
console.log(either instanceof Stream ? (await either.finalCompletion()).id : either.id, reason, total, plain.id, whole.id);

try {
  await alphaedge.chat.completions.create(request);
} catch (error) {
  if (error instanceof RateLimitError) console.log(error.headers.get("retry-after"));
  else if (error instanceof ConflictError) console.log(error.response.status, error.response.headers, error.response.body);
  else if (error instanceof APIStreamError) console.log(error.content);
  else if (error instanceof APIResponseError) showResponse(error.response);
  else if (error instanceof APIStatusError) console.log(error.status, error.type?.length, error.requestId, error.body);
  else if (error instanceof APITimeoutError) console.log("later");
  else if (error instanceof APIConnectionError) console.log(error.message, error.cause);
  else if (error instanceof APIError) console.log(error.message);
  else throw error;
}

function showResponse({ status, headers, content, body, requestId }: APIResponse): void {
  console.log(status, headers.get("retry-after"), content.length, body, requestId);
}
