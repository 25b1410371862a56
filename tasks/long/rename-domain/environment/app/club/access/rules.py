"""Rules for accesss."""


class UnknownCustomer(KeyError):
    """Nothing is known of this customer here."""


def doors_of(found, customer):
    """The doors that a customer may use."""
    doors = [one.door for one in found if one.customer == customer]
    if not doors:
        raise UnknownCustomer(customer.number)
    return doors


def allowed(found, customer, door):
    """Whether a customer may; customers of the café come in by another door and aren't in here."""
    try:
        return door in doors_of(found, customer)
    except UnknownCustomer:
        return False
