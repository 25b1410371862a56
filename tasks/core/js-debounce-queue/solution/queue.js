// Runs at most `limit` jobs at a time, in order.

export class Queue {
  constructor(limit) {
    this.limit = limit;
    this.running = 0;
    this.waiting = [];
    this.idlers = [];
  }

  add(job) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ job, resolve, reject });
      this.next();
    });
  }

  async next() {
    if (this.running >= this.limit || this.waiting.length === 0) return;
    const { job, resolve, reject } = this.waiting.shift();
    this.running += 1;
    try {
      resolve(await job());
    } catch (error) {
      reject(error);
    }
    this.running -= 1;
    if (this.running === 0 && this.waiting.length === 0) this.idlers.splice(0).forEach((idler) => idler());
    this.next();
  }

  idle() {
    if (this.running === 0 && this.waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.idlers.push(resolve));
  }
}
