// Collects messages by key and sends them in batches.

export class Batcher {
  constructor({ send, wait, queue, clock, tries = 3, onDrop = () => {} }) {
    this.send = send;
    this.wait = wait;
    this.queue = queue;
    this.clock = clock;
    this.tries = tries;
    this.onDrop = onDrop;
    this.entries = new Map();
    this.flushing = 0;
    this.flushed = [];
  }

  push(key, message) {
    if (!this.entries.has(key)) this.entries.set(key, { messages: [], timer: null, due: false, busy: false, again: null });
    const entry = this.entries.get(key);
    entry.messages.push(message);
    entry.due = false;
    this.clock.clearTimeout(entry.timer);
    entry.timer = this.clock.setTimeout(() => this.fire(key), this.wait);
  }

  fire(key) {
    const entry = this.entries.get(key);
    this.clock.clearTimeout(entry.timer);
    entry.timer = null;
    entry.due = true;
    this.next(key);
  }

  // Sends the next batch of a key if its time has come and none is on its way.
  async next(key) {
    const entry = this.entries.get(key);
    if (entry.busy || !entry.due) return;
    entry.busy = true;
    while (entry.due) {
      entry.due = false;
      await this.deliver(key, entry, entry.messages.splice(0));
    }
    entry.busy = false;
    if (entry.messages.length === 0) this.entries.delete(key);
    if (this.flushed.length > 0 && ![...this.entries.values()].some((other) => other.busy || other.due)) {
      this.flushed.splice(0).forEach((resolve) => resolve());
    }
  }

  async deliver(key, entry, messages) {
    for (let count = 1; ; count += 1) {
      try {
        await this.queue.add(() => this.send(key, messages));
        return;
      } catch (error) {
        if (count >= this.tries) {
          this.onDrop(key, messages, error);
          return;
        }
      }
      if (this.flushing === 0) {
        await new Promise((resolve) => {
          entry.again = { resolve, timer: this.clock.setTimeout(resolve, this.wait) };
        });
        entry.again = null;
      }
    }
  }

  async flush() {
    this.flushing += 1;
    for (const [key, entry] of [...this.entries]) {
      if (entry.again) {
        this.clock.clearTimeout(entry.again.timer);
        entry.again.resolve();
      }
      if (entry.messages.length > 0) this.fire(key);
    }
    if ([...this.entries.values()].some((entry) => entry.busy)) await new Promise((resolve) => this.flushed.push(resolve));
    this.flushing -= 1;
  }
}
