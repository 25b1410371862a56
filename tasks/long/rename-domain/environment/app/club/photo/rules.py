"""Rules for photos."""


class UnknownCustomer(KeyError):
    """Nothing is known of this customer here."""


def albums_of(found, customer):
    """The albums that a customer may use."""
    albums = [one.album for one in found if one.customer == customer]
    if not albums:
        raise UnknownCustomer(customer.number)
    return albums


def allowed(found, customer, album):
    """Whether a customer may; customers of the café come in by another door and aren't in here."""
    try:
        return album in albums_of(found, customer)
    except UnknownCustomer:
        return False
