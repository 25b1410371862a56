// A clock that stands still until it is told to go on.

export class Clock {
  constructor() {
    this.now = 0;
    this.timers = [];
    this.count = 0;
  }

  setTimeout = (action, after) => {
    const timer = { at: this.now + after, number: (this.count += 1), action };
    this.timers.push(timer);
    return timer;
  };

  clearTimeout = (timer) => {
    this.timers = this.timers.filter((other) => other !== timer);
  };

  // Goes on for some milliseconds; what is due runs in order, and promises settle in between.
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

export const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
