"""Documents on disk. Their names and keys are kept: old copies have to be read for ten years."""

import json
import os

CUSTOMERS = "customers.json"


def load(folder, name):
    """What is kept under this name, or an empty list."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def customers_in(folder):
    """Number and name of every customer that is kept."""
    return [(kept["customer_id"], kept["customer_name"]) for kept in load(folder, CUSTOMERS)]
