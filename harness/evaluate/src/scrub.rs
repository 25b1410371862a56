//! Takes out of an output what differs from host to host and run to run. Knows nothing of checks.
