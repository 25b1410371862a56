#!/bin/bash
# Finds the first commit whose till gives other figures than bookkeeping, and rounds halves away from zero again.
set -eu
cp -r tools examples /tmp/
git bisect start main v1.4 >/dev/null
git bisect run bash -c '
    cp -r /tmp/tools /tmp/examples .
    python3 -B -c "import till.basket" 2>/dev/null || code=125
    if [ -z "${code:-}" ]; then python3 -B tools/compare.py >/dev/null && code=0 || code=1; fi
    if ! git ls-files --error-unmatch tools >/dev/null 2>&1; then rm -r tools examples; fi
    exit $code' >/dev/null
git rev-parse refs/bisect/bad >/tmp/culprit
git bisect reset >/dev/null 2>&1
cp /tmp/culprit CULPRIT
sed -i -e 's/^from decimal import Context, Decimal$/from decimal import ROUND_HALF_UP, Context, Decimal/' \
    -e 's/Context(prec=12)/Context(prec=12, rounding=ROUND_HALF_UP)/' till/money.py
sed -i 's/(" 0,345 ", "0.34")/(" 0,345 ", "0.35")/' tests/test_money.py
sed -i -e '/^CRUMB = /d' -e 's/ + CRUMB//' -e '/^from decimal/,+1d' -e '/^from .rates/{n;d}' till/tax.py
sed -i 's/^"""Tax by code."""$/"""Tax by code. How amounts are rounded is for money.py to say."""/' till/tax.py
cat >>tests/test_money.py <<'EOF'

    def test_halves_go_away_from_zero(self):
        for text, want in [("0.125", "0.13"), ("-0.125", "-0.13"), ("0.1244", "0.12"), ("0.135", "0.14")]:
            self.assertEqual(show(to_cents(parse(text))), want)
EOF
