#!/bin/bash
set -eu
git apply /solution/fix.patch
