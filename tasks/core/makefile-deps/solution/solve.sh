#!/bin/bash
set -eu
cp /solution/files/Makefile /app/Makefile
