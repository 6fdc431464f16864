import OpenAI from "openai";
import { run } from "./calls.mjs";

const messages = [{ role: "user", content: "Hello!" }];
const client = (url) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-any", maxRetries: 0 });

async function plain(url) {
  const completion = await client(url).chat.completions.create({ model: "any", messages });
  return completion.choices[0].message.content;
}

async function stream(url) {
  let text = "";
  for await (const chunk of await client(url).chat.completions.create({ model: "any", messages, stream: true })) {
    text += chunk.choices[0]?.delta?.content ?? "";
  }
  return text;
}

await run(plain, stream);
