"""Rules for vouchers."""

LIMIT_OF_CUSTOMER = 2500


def open_of(found, customer):
    """What is open for this customer, in cents."""
    return sum(one.amount for one in found if one.customer.number == customer.number)


def customers_over_the_limit(found):
    """Every customer with more than the limit, by number."""
    by_customer = {}
    for one in found:
        by_customer[one.customer] = by_customer.get(one.customer, 0) + one.amount
    return sorted((customer for customer, open_ in by_customer.items() if open_ > LIMIT_OF_CUSTOMER), key=lambda customer: customer.number)
