"""Works out baskets, one JSON list of lines a line on stdin, with the project under /app."""

import json
import sys

sys.path.append("/app")  # after the standard library

from till import basket, money, receipt, tax

for line in sys.stdin:
    try:
        read = basket.read(json.loads(line))
        parts = [[code, money.show(net), money.show(amount)] for code, net, amount in tax.taxes(receipt.amounts(read))]
        answer = [money.show(receipt.total(read)), parts, receipt.render(read)]
    except Exception as error:
        answer = type(error).__name__
    print(json.dumps(answer), flush=True)
