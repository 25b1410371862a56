#!/bin/bash
set -eu
cp -R /solution/files/. /app/
