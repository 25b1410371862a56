// Scenarios with a clock of our own; prints what happened.

import { Batcher } from "/app/src/batcher.js";
import { Queue } from "/app/src/queue.js";

const say = (...words) => process.stdout.write(words.join(" ") + "\n");
const settle = async () => {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
process.on("unhandledRejection", (error) => say("nobody handled:", error && error.message));

class Clock {
  now = 0;
  timers = [];
  count = 0;
  setTimeout = (action, after) => {
    const timer = { at: this.now + after, number: (this.count += 1), action };
    this.timers.push(timer);
    return timer;
  };
  clearTimeout = (timer) => {
    this.timers = this.timers.filter((other) => other !== timer);
  };
  async pass(milliseconds) {
    const end = this.now + milliseconds;
    await settle();
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.number - b.number)[0];
      if (!due) break;
      this.clearTimeout(due);
      this.now = due.at;
      due.action();
      await settle();
    }
    this.now = end;
  }
}

const result = (promise) => promise.then((value) => `gives ${value}`, (error) => `fails with ${error && error.message}`);
// A job that ends when it is told to.
const job = (name) => {
  let end;
  const ended = new Promise((resolve, reject) => {
    end = { ok: resolve, bad: reject };
  });
  return { run: () => (say("  starts", name), ended), ...end };
};

const scenarios = {
  async "queue: limit, order, failures"() {
    const queue = new Queue(2);
    const jobs = ["a", "b", "c", "d", "e"].map(job);
    const results = jobs.map((each) => result(queue.add(each.run)));
    const thrown = result(queue.add(() => { throw new Error("thrown"); }));
    const last = result(queue.add(() => "last"));
    let idle = "no";
    queue.idle().then(() => (idle = "yes"));
    await settle();
    for (const [n, how, what] of [[1, "bad", new Error("b failed")], [0, "bad", new Error("a failed")], [3, "ok", "D"], [2, "ok", "C"]]) {
      say("  ends", "abcde"[n]);
      jobs[n][how](what);
      await settle();
    }
    say("  idle:", idle, "|", await Promise.race([thrown, settle().then(() => "-")]));
    jobs[4].ok("E");
    await settle();
    say("  idle:", idle, "|", await thrown, "|", await last, "|", (await Promise.all(results)).join(", "));
    await queue.idle();
    say("  idle at once");
  },
  async "queue: all slots fail"() {
    const queue = new Queue(3);
    const all = await Promise.race([Promise.all([1, 2, 3, 4, 5].map((n) => result(queue.add(async () => { throw new Error(`no ${n}`); })))), settle().then(() => ["stuck"])]);
    say("  " + all.join(", "));
    await Promise.race([queue.idle().then(() => say("  idle")), settle()]);
    say("  " + (await Promise.race([result(queue.add(() => undefined)), settle().then(() => "stuck")])));
    say("  " + (await Promise.race([result(queue.add(() => Promise.reject(undefined))), settle().then(() => "stuck")])));
  },
};

// A batcher whose sends take `takes` and fail as `fails` says: for each key how many of its sends fail.
const set = ({ takes = 0, fails = {}, limit = 2, ...more } = {}) => {
  const clock = new Clock();
  const left = { ...fails };
  const send = (key, messages) => {
    const text = messages.join("");
    const bad = left[key] > 0;
    if (bad) left[key] -= 1;
    say(`  ${clock.now} sends ${key} ${text}${bad ? ", which will fail" : ""}`);
    if (bad && more.throws) throw new Error("at once");
    return new Promise((resolve, reject) => {
      clock.setTimeout(() => (bad ? reject(new Error("429")) : resolve()), takes);
    });
  };
  const onDrop = (key, messages, error) => say(`  ${clock.now} drops ${key} ${messages.join("")}: ${error.message}`);
  return { clock, left, batcher: new Batcher({ send, wait: 100, queue: new Queue(limit), clock, onDrop, ...more }) };
};
const pushes = async ({ clock, batcher }, list) => {
  for (const [at, key, message] of list) {
    await clock.pass(at - clock.now);
    batcher.push(key, message);
  }
};

Object.assign(scenarios, {
  async "debounce"() {
    const it = set();
    await pushes(it, [[0, "a", 1], [50, "a", 2], [149, "a", 3], [150, "b", "x"], [400, "a", 4]]);
    await it.clock.pass(1000);
  },
  async "a batch is tried again"() {
    const it = set({ fails: { a: 2 } });
    await pushes(it, [[0, "a", 1], [1, "a", 2]]);
    await it.clock.pass(1000);
  },
  async "and dropped in the end"() {
    const it = set({ fails: { a: 4 } });
    await pushes(it, [[0, "a", 1], [120, "a", 2], [130, "b", "x"], [1000, "a", 3]]);
    await it.clock.pass(2000);
  },
  async "another number of tries"() {
    const it = set({ fails: { a: 9 }, tries: 1 });
    await pushes(it, [[0, "a", 1], [300, "a", 2]]);
    await it.clock.pass(1000);
  },
  async "nothing overtakes"() {
    const it = set({ takes: 250, fails: { a: 1 } });
    await pushes(it, [[0, "a", 1], [110, "a", 2], [220, "a", 3], [360, "a", 4], [900, "a", 5], [1250, "a", 6]]);
    await it.clock.pass(3000);
  },
  async "what comes in late waits for its time"() {
    const it = set({ takes: 150 });
    await pushes(it, [[0, "a", 1], [110, "a", 2], [240, "a", 3]]);
    await it.clock.pass(3000);
  },
  async "other keys go on"() {
    const it = set({ fails: { a: 9, b: 9 }, limit: 2 });
    await pushes(it, [[0, "a", 1], [0, "b", 2], [0, "c", 3], [0, "d", 4], [150, "c", 5]]);
    await it.clock.pass(2000);
  },
  async "a send that throws at once"() {
    const it = set({ fails: { a: 1 }, throws: true });
    await pushes(it, [[0, "a", 1]]);
    await it.clock.pass(1000);
  },
  async "flush"() {
    const it = set({ fails: { a: 2, b: 5 } });
    await pushes(it, [[0, "a", 1], [0, "b", 2], [10, "c", 3]]);
    it.batcher.flush().then(() => say(`  ${it.clock.now} flushed`));
    await it.clock.pass(0);
    await it.clock.pass(500);
  },
  async "flush between tries"() {
    const it = set({ fails: { a: 1 }, takes: 20 });
    await pushes(it, [[0, "a", 1], [130, "a", 2]]);
    await it.clock.pass(10);
    it.batcher.flush().then(() => say(`  ${it.clock.now} flushed`));
    await it.clock.pass(1000);
  },
  async "flush of nothing"() {
    const it = set();
    await Promise.race([it.batcher.flush().then(() => say("  flushed")), settle()]);
    await pushes(it, [[10, "a", 1]]);
    await it.clock.pass(500);
  },
});

for (const [name, play] of Object.entries(scenarios)) {
  say(name);
  try {
    await play();
  } catch (error) {
    say("  broke:", error && error.message);
  }
}
