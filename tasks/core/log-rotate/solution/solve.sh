#!/bin/bash
set -eu
cp /solution/keeplog bin/keeplog
