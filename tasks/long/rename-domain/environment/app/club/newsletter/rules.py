"""Rules for newsletters."""


def topics_by_customer(found):
    """For each customer the topics, sorted; what is customary is lower case."""
    customers = {}
    for one in found:
        customers.setdefault(one.customer, set()).add(one.topic.lower())
    return {customer: sorted(topics) for customer, topics in customers.items()}


def has_no_customer(found, custom=()):
    """Those topics of a custom list that no customer has."""
    known = {one.topic.lower() for one in found}
    return [topic for topic in custom if topic not in known]
