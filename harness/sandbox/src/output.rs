//! The first and the last bytes of a stream of any length, in bounded memory. No I/O.

use crate::OutputLimit;

/// Output in the making.
pub(crate) struct HeadTail {
    limit: OutputLimit,
    head: Vec<u8>,
    /// A ring once it is full; `next` is then its oldest byte.
    tail: Vec<u8>,
    next: usize,
    total: u64,
}

impl HeadTail {
    pub(crate) fn new(limit: OutputLimit) -> Self {
        Self { limit, head: Vec::new(), tail: Vec::new(), next: 0, total: 0 }
    }

    /// Adds what has arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (first, rest) = bytes.split_at(bytes.len().min(self.limit.head - self.head.len()));
        self.head.extend_from_slice(first);
        // Of more than the tail holds only the end matters.
        let rest = &rest[rest.len().saturating_sub(self.limit.tail)..];
        let (grown, rest) = rest.split_at(rest.len().min(self.limit.tail - self.tail.len()));
        self.tail.extend_from_slice(grown);
        if rest.is_empty() {
            return;
        }
        let (end, start) = rest.split_at(rest.len().min(self.tail.len() - self.next));
        self.tail[self.next..self.next + end.len()].copy_from_slice(end);
        self.tail[..start.len()].copy_from_slice(start);
        self.next = (self.next + rest.len()) % self.tail.len();
    }

    /// The first bytes, the last bytes, and how many were dropped between.
    pub(crate) fn finish(mut self) -> (Vec<u8>, Vec<u8>, u64) {
        self.tail.rotate_left(self.next);
        let omitted = self.total - self.head.len() as u64 - self.tail.len() as u64;
        (self.head, self.tail, omitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_tail_hold_for_every_way_a_stream_is_cut() {
        let stream: Vec<u8> = (0..100).collect();
        for (head, tail) in [(0, 0), (0, 7), (7, 0), (10, 10), (50, 50), (60, 60), (1, 99)] {
            for chunk in [1, 3, 7, 10, 33, 100] {
                let mut output = HeadTail::new(OutputLimit { head, tail });
                stream.chunks(chunk).for_each(|bytes| output.push(bytes));
                let (first, last, omitted) = output.finish();
                assert_eq!(first, stream[..head]);
                let kept = tail.min(100 - head);
                assert_eq!(last, stream[100 - kept..], "{head}+{tail} by {chunk}");
                assert_eq!(omitted, (100 - head - kept) as u64);
            }
        }
    }
}
