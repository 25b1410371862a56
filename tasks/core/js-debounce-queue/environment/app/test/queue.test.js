import { Queue } from "../src/queue.js";
import { settle } from "./clock.js";
import { same } from "./same.js";

export const tests = {
  async "no more than the limit at a time"() {
    const queue = new Queue(2);
    let running = 0;
    let most = 0;
    const job = async () => {
      most = Math.max(most, (running += 1));
      await settle();
      running -= 1;
    };
    for (let n = 0; n < 5; n += 1) queue.add(job);
    await queue.idle();
    same([most, running], [2, 0]);
  },

  async "gives what the job gives"() {
    same(await new Queue(1).add(() => 42), 42);
  },

  async "goes on after a job that fails"() {
    const queue = new Queue(1);
    queue.add(() => Promise.reject(new Error("429"))).catch(() => {});
    const next = queue.add(() => "next");
    same(await Promise.race([next, settle().then(() => "nothing")]), "next");
  },
};
