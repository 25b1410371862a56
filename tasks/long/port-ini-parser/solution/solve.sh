#!/bin/bash
set -eu
cp -R /solution/inikit .
cat /solution/bin-ini >bin/ini
rm -r lib
