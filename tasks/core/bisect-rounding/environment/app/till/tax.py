"""Tax by code."""

from .money import to_cents
from .rates import RATES


def taxes(amounts):
    """From (code, amount) of each line to (code, net, tax), in order of the code."""
    nets = {}
    for code, amount in amounts:
        nets[code] = nets.get(code, 0) + amount
    return [(code, net, to_cents(net * RATES[code] / 100)) for code, net in sorted(nets.items())]
