// Collects messages by key and sends them in batches.

export class Batcher {
  constructor({ send, wait, queue, clock }) {
    this.send = send;
    this.wait = wait;
    this.queue = queue;
    this.clock = clock;
    this.entries = new Map();
  }

  push(key, message) {
    const entry = this.entries.get(key) ?? { messages: [], timer: null };
    this.entries.set(key, entry);
    entry.messages.push(message);
    this.clock.clearTimeout(entry.timer);
    entry.timer = this.clock.setTimeout(() => this.fire(key), this.wait);
  }

  fire(key) {
    const { messages, timer } = this.entries.get(key);
    this.clock.clearTimeout(timer);
    this.entries.delete(key);
    this.queue.add(() => this.send(key, messages));
  }

  async flush() {
    for (const key of [...this.entries.keys()]) this.fire(key);
    await this.queue.idle();
  }
}
