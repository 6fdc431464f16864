// Reads calls, a line of JSON each, makes them, and prints what came of each: the text, or the error.
import { createInterface } from "node:readline";

const LONGEST = 8_000; // milliseconds after which a call hangs

export async function run(plain, stream) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { url, streams } = JSON.parse(line);
    console.log(JSON.stringify(await outcome(streams ? stream : plain, url)));
  }
  process.exit(0); // whatever still waits
}

async function outcome(call, url) {
  let timer;
  const hangs = new Promise((resolve) => (timer = setTimeout(() => resolve({ hangs: true }), LONGEST)));
  const made = call(url).then(
    (text) => ({ text: text ?? null }),
    (error) => ({ raises: error?.name === "Error" ? error.constructor.name : (error?.name ?? String(error)) }),
  );
  const found = await Promise.race([made, hangs]);
  clearTimeout(timer);
  return found;
}

process.on("unhandledRejection", () => {}); // of a promise that nobody waits for any more
