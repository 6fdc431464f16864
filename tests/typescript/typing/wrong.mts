// Each marked line is an error for the type checker, and no other line is.
import { AlphaEdge, type ChatCompletionRequest } from "@alphaedge/alphaedge";

const alphaedge = new AlphaEdge({ apiKey: "key" });
const { completions } = alphaedge.chat;
const request: ChatCompletionRequest = { model: "m", messages: [{ role: "user", content: "Hello!" }] };

new AlphaEdge({ api_key: "key" }); // wrong
new AlphaEdge({ timeout: "60" }); // wrong
new AlphaEdge({ defaultQuery: { v: {} } }); // wrong
new AlphaEdge({ apiKey: () => 5 }); // wrong
await completions.create(); // wrong
await completions.create({ model: "m" }); // wrong
await completions.create({ ...request, temperature: "hot" }); // wrong
await completions.create({ ...request, max_token: 5 }); // wrong
await completions.create({ ...request, stream: "yes" }); // wrong
await completions.create({ ...request, messages: [{ role: "robot", content: "Hello!" }] }); // wrong
await completions.create({ ...request, messages: [{ role: "user" }] }); // wrong
await completions.create(request, { timeouts: 5 }); // wrong
await alphaedge.chat.completion.create(request); // wrong

const completion = await completions.create({ ...request, stream: false });
console.log(completion.choices[0]?.message.text); // wrong
console.log(completion.usage.total); // wrong
console.log(completion.choices[0]?.message.content.length); // wrong
console.log((await completions.withRawResponse.create({ ...request, stream: false })).choices); // wrong
for await (const chunk of completion) console.log(chunk); // wrong
const stream = await completions.create({ ...request, stream: true });
console.log(stream.choices); // wrong
await stream.fold(); // wrong
for await (const chunk of stream) console.log(chunk.choices[0]?.message); // wrong
