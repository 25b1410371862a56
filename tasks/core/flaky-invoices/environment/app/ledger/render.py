"""The printed invoice, as text."""

from . import tax


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def render(invoice) -> str:
    rows = [f"Invoice {invoice.number}", f"Date {invoice.issued}  Due {invoice.due}", ""]
    for line in invoice.lines:
        rows.append(f"{line.count:>4} x {line.text:<24}{line.tax:>6}{money(line.total):>12}")
    rows.append("")
    total = sum(line.total for line in invoice.lines)
    for code, net, amount in tax.summary(invoice.lines):
        rows.append(f"       Tax {code:<8} on {money(net):>12}{money(amount):>12}")
        total += amount
    rows.append(f"       Total {money(total):>35}")
    return "\n".join(rows) + "\n"
