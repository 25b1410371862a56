//! The vendors' own Python clients, against a script: streams, bodies, tools and errors as they understand them.
