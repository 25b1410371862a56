"""Says what club.api gives. Knows nothing of what is right."""

import importlib
import json
import sys
import warnings

sys.path.append("/app")
found = {}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import club.api
    import club.member

    for name in ("Member", "MemberError", "find_member", "new_member"):
        found[name] = getattr(club.api, name) is getattr(club.member, name)
    found["quiet"] = len(caught)
for old, new in (("Customer", "Member"), ("CustomerError", "MemberError"), ("find_customer", "find_member"), ("new_customer", "new_member")):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = getattr(importlib.import_module("club.api"), old, None)
        found[old] = [sorted({one.category.__name__ for one in caught}), value is getattr(club.member, new)]
try:
    club.api.nothing
except AttributeError:
    found["nothing"] = True
print(json.dumps(found))
