#!/bin/bash
set -eu
cp /solution/test_quote.py tests/test_quote.py
sed -i '/# Whole steps, and one more/d; s|return grams // STEP + 1|return -(-grams // STEP)|' parcel/quote.py
