#!/bin/bash
set -eu
cp /solution/queue.js /solution/batcher.js src/
