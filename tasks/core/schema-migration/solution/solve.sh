#!/bin/bash
set -eu
cp /solution/hive/*.py hive/
