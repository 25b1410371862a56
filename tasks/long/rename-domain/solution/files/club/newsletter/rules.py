"""Rules for newsletters."""


def topics_by_member(found):
    """For each member the topics, sorted; what is customary is lower case."""
    members = {}
    for one in found:
        members.setdefault(one.member, set()).add(one.topic.lower())
    return {member: sorted(topics) for member, topics in members.items()}


def has_no_member(found, custom=()):
    """Those topics of a custom list that no member has."""
    known = {one.topic.lower() for one in found}
    return [topic for topic in custom if topic not in known]
