#!/bin/bash
set -eu
cp /solution/src/*.c src/
cp /solution/include/ring.h include/
