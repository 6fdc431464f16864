import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import { run } from "./calls.mjs";

const model = (url) => createOpenAICompatible({ name: "any", baseURL: `${url}/v1`, apiKey: "sk-any" })("any");

async function plain(url) {
  return (await generateText({ model: model(url), prompt: "Hello!", maxRetries: 0 })).text;
}

async function stream(url) {
  let text = "";
  let failed;
  const onError = ({ error }) => (failed = error); // or the error is printed, and the text only ends
  for await (const part of streamText({ model: model(url), prompt: "Hello!", maxRetries: 0, onError }).textStream) {
    text += part;
  }
  if (failed) throw failed;
  return text;
}

await run(plain, stream);
