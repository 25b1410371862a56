// One worker: reads lines "KEY MESSAGE" from standard input.

import readline from "node:readline";
import { Batcher } from "./batcher.js";
import { sender } from "./push.js";
import { Queue } from "./queue.js";

const post = async (path, body) => {
  const answer = await fetch(process.env.PUSH_URL + path, { method: "POST", body: JSON.stringify(body) });
  return { status: answer.status };
};
const batcher = new Batcher({ send: sender(post), wait: 500, queue: new Queue(4), clock: globalThis });

for await (const line of readline.createInterface({ input: process.stdin })) {
  const space = line.indexOf(" ");
  batcher.push(line.slice(0, space), line.slice(space + 1));
}
await batcher.flush();
