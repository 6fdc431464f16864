// What a careful program does with the package; `tsc --strict` has nothing to say about it.
import {
  AlphaEdge,
  APIConnectionError,
  APIStatusError,
  RateLimitError,
  Stream,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatCompletionRequest,
  type ChatMessage,
  type FinishReason,
} from "@alphaedge/alphaedge";

const alphaedge = new AlphaEdge({ apiKey: undefined, timeout: 60_000, maxRetries: 3, fetch });
const messages: ChatMessage[] = [{ role: "user", content: "Hello!" }];

const completion: ChatCompletion = await alphaedge.chat.completions.create({ model: "m", messages });
const reason: FinishReason | undefined = completion.choices[0]?.finish_reason;
const total: number = completion.usage.total_tokens;
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
const whole: ChatCompletion = await stream.fold();
await stream.close();

const either = await alphaedge.chat.completions.create({ ...request, stream: Math.random() < 0.5 });
console.log(either instanceof Stream ? (await either.fold()).id : either.id, reason, total, plain.id, whole.id);

try {
  await alphaedge.chat.completions.create(request);
} catch (error) {
  if (error instanceof RateLimitError) console.log(error.headers.get("retry-after"));
  else if (error instanceof APIStatusError) console.log(error.status, error.type?.length, error.requestId, error.body);
  else if (error instanceof APIConnectionError) console.log(error.message, error.cause);
  else throw error;
}
