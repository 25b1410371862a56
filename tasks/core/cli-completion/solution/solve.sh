#!/bin/bash
set -eu
cp /solution/depot/*.py depot/
