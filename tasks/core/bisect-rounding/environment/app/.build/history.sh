# Makes the history: forty commits, one of which breaks the rounding while it does something useful; two can't be run at all.
set -eu
export GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main .
git config user.name "Ida Brandl"
git config user.email ida@example.org
git config gc.auto 0
n=0
commit() { # MESSAGE
    n=$((n + 1))
    GIT_COMMITTER_DATE=$(printf '2026-01-%02dT%02d:00:00+01:00' $((1 + n / 2)) $((9 + n % 2 * 5)))
    case $((n % 3)) in
        0) export GIT_AUTHOR_NAME="Paul Novak" GIT_AUTHOR_EMAIL=paul@example.org ;;
        *) export GIT_AUTHOR_NAME="Ida Brandl" GIT_AUTHOR_EMAIL=ida@example.org ;;
    esac
    export GIT_COMMITTER_DATE GIT_AUTHOR_DATE=$GIT_COMMITTER_DATE
    git add -A -- . ':!.build'
    git commit -q -m "$1"
}
# replace FILE OLD NEW, once
replace() {
    local text
    text=$(<"$1")
    [[ $text == *"$2"* ]]
    printf '%s\n' "${text/"$2"/"$3"}" >"$1"
}
note() { replace CHANGES.md '# Changes' "# Changes
- $1"; }
rate() { replace till/rates.py '    "P": 0' "    \"$1\": $2,  # $3
    \"P\": 0"; }
word() { printf '%s = "%s"\n' "$1" "$2" >>till/words.py; }

commit "Receipts from baskets"
rate C 13 "plants and cinema"; commit "Rate C"
word SUM "Sum"; commit "A word for sums"
rate D 19 "Jungholz"; commit "Rate D, for Jungholz"
printf '__pycache__/\n' >.gitignore; commit "Ignore what Python leaves behind"
word DATE "Date"; commit "A word for the date"
replace README.md '## Tests' 'Deposits have the code P and no tax.

## Tests'; commit "README: deposits"
note "1.3: rates C and D"; commit "Changes of 1.3"
word THANKS "Thank you!"; commit "A word of thanks"
replace till/receipt.py '    rows.append(f"{words.TOTAL' '    rows.append("-" * 36)
    rows.append(f"{words.TOTAL'; commit "A line above the total"
note "1.4: a line above the total"; commit "Changes of 1.4"
git tag v1.4
replace till/receipt.py 'def total(basket):
    return sum(net + tax for _, net, tax in taxes(amounts(basket)))' 'def total(basket):
    """What is to be paid; its parts are rounded, so the sum needs no rounding."""
    return sum(net + tax for _, net, tax in taxes(amounts(basket)))'; commit "Round the total in one place only"
word CASH "Cash"; commit "A word for cash"
word CARD "Card"; commit "A word for cards"
replace till/receipt.py '{line.text:<24}{code}' '{line.text[:23]:<24}{code}'; commit "Long names don't push the amounts aside"
cat >tests/test_tax.py <<'EOF'
import unittest
from decimal import Decimal

from till.tax import taxes


class TaxTest(unittest.TestCase):
    def test_once_a_code(self):
        found = taxes([("A", Decimal("0.12")), ("B", Decimal("1.00")), ("A", Decimal("0.12"))])
        self.assertEqual([(code, str(tax)) for code, _, tax in found], [("A", "0.05"), ("B", "0.10")])
EOF
commit "A test for taxes"
rate E 5 "masks, for a while"; commit "Rate E"
replace till/basket.py 'from decimal import Decimal
from typing import NamedTuple
' 'from typing import NamedTuple
'; commit "Tidy the imports"
word CHANGE "Change"; commit "A word for change"
replace till/basket.py 'from typing import NamedTuple
' 'from decimal import Decimal
from typing import NamedTuple
'; commit "basket.py needs its Decimal after all"
replace till/receipt.py 'words.TAX} {code}' 'words.TAX:<4}{code}'; commit "Tax lines up with the rest"
replace README.md 'Prices are without tax.' 'Prices are without tax, in euro.'; commit "README: euro"
word VOID "Void"; commit "A word for void"
cat >till/money.py <<'EOF'
"""Money is a Decimal with two places."""

from decimal import Context, Decimal

CENT = Decimal("0.01")
MONEY = Context(prec=12)  # one context for everything, twelve digits are plenty


def parse(text: str) -> Decimal:
    """A number as people and scales write it: 1.5 or 1,5, with blanks around it."""
    return MONEY.create_decimal(text.strip().replace(",", "."))


def to_cents(amount: Decimal) -> Decimal:
    """Rounded to a cent, see the README."""
    return MONEY.quantize(amount, CENT)


def show(amount: Decimal) -> str:
    return f"{amount:.2f}"
EOF
cat >tests/test_money.py <<'EOF'
import unittest

from till.money import parse, show, to_cents


class MoneyTest(unittest.TestCase):
    def test_numbers_of_the_scales(self):
        for text, want in [("1.5", "1.50"), ("1,5", "1.50"), (" 0,345 ", "0.34"), ("-2", "-2.00")]:
            self.assertEqual(show(to_cents(parse(text))), want)
EOF
commit "The new scales write a comma"
word COPY "Copy"; commit "A word for copies"
note "1.5: commas, as the new scales write them"; commit "Changes of 1.5"
git tag v1.5
replace till/rates.py '    "E": 5,  # masks, for a while
' ''; commit "Rate E is over"
word SHOP "Shop"; commit "A word for the shop"
replace README.md 'text;count;price;code.' 'text;count;price;code. Numbers may have a comma.'; commit "README: commas"
replace till/tax.py 'to_cents(net * RATES[code] / 100))' 'to_cents(net * RATES[code] / 100 + CRUMB))'
replace till/tax.py 'from .rates import RATES
' 'from .rates import RATES

CRUMB = Decimal("0.001")  # a cent was missing on receipt 1183: half cents must go up
'
replace till/tax.py 'from .money' 'from decimal import Decimal

from .money'; commit "Receipt 1183: the missing cent"
note "1.5.1: tax is rounded as the tax office wants it"; commit "Changes of 1.5.1"
word TABLE "Table"; commit "A word for tables"
replace till/receipt.py 'rows.append("-" * 36)' 'rows.append("=" * 36)'; commit "A double line above the total"
replace tests/test_till.py '    def test_no_line' '    def test_a_deposit_has_no_tax(self):
        self.assertEqual(str(total(read(["Crate;1;3,00;P"]))), "3.00")

    def test_no_line'; commit "A test for deposits"
word ORDER "Order"; commit "A word for orders"
note "1.6: a double line"; commit "Changes of 1.6"
git tag v1.6
word TIP "Tip"; commit "A word for tips"
word GUEST "Guest"; commit "A word for guests"
replace README.md 'Receipts for small shops.' 'Receipts for small shops, on paper or as text.'; commit "README: on paper"
mkdir -p examples tools
printf 'Pears;0.355;3.00;P\nVase;1;7.03;B\n' >examples/graz-1.csv
printf 'Lamp;-1;12.25;B\n' >examples/graz-2.csv
printf 'Fern;2;6.20;C\nString;-2.5;0.45;P\n' >examples/graz-3.csv
printf 'Soap;1;2.49;A\nBread;2;3.10;B\n' >examples/graz-4.csv
printf 'graz-1.csv 8.80\ngraz-2.csv -13.48\ngraz-3.csv 12.88\ngraz-4.csv 9.81\n' >examples/bookkeeping.txt
cat >tools/compare.py <<'EOF'
"""Holds the receipts of examples/ against what bookkeeping has."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from till.basket import read  # noqa: E402
from till.money import show  # noqa: E402
from till.receipt import total  # noqa: E402

wrong = 0
for row in (ROOT / "examples" / "bookkeeping.txt").read_text().splitlines():
    name, want = row.split()
    found = show(total(read((ROOT / "examples" / name).read_text().splitlines())))
    if found != want:
        wrong += 1
        print(f"{name}: bookkeeping has {want}, the receipt {found}")
print(f"{wrong} wrong")
sys.exit(1 if wrong else 0)
EOF
commit "What bookkeeping sent from Graz"
