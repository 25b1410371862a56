import { Batcher } from "../src/batcher.js";
import { Queue } from "../src/queue.js";
import { Clock } from "./clock.js";
import { same } from "./same.js";

const set = (options = {}) => {
  const clock = new Clock();
  const sent = [];
  const send = async (key, messages) => sent.push(`${clock.now} ${key}: ${messages.join(" ")}`);
  return { clock, sent, batcher: new Batcher({ send, wait: 100, queue: new Queue(2), clock, ...options }) };
};

export const tests = {
  async "waits for the last message"() {
    const { clock, sent, batcher } = set();
    batcher.push("a", 1);
    await clock.pass(60);
    batcher.push("a", 2);
    batcher.push("b", 3);
    await clock.pass(99);
    same(sent, []);
    await clock.pass(1);
    same(sent, ["160 a: 1 2", "160 b: 3"]);
  },

  async "flush doesn't wait"() {
    const { sent, batcher } = set();
    batcher.push("a", 1);
    await batcher.flush();
    same(sent, ["0 a: 1"]);
  },

  async "a throttled batch is sent again"() {
    let answers = ["429", "ok"];
    const tried = [];
    const send = async (key, messages) => {
      tried.push(`${clock.now} ${key}: ${messages.join(" ")}`);
      if (answers.shift() !== "ok") throw new Error("push service: 429");
    };
    const { clock, batcher } = set({ send });
    batcher.push("a", 1);
    await clock.pass(500);
    same(tried, ["100 a: 1", "200 a: 1"]);
  },
};
