#!/bin/bash
set -eu
git apply --whitespace=nowarn /solution/fix.patch
