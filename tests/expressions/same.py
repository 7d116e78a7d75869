"""When two readings agree: truths, labels and unknowns equal, numbers to a stated share."""

from typing import Any

# Engines use their own ln, exp and power, each good to about 1e-15; sums and quotients of results that nearly cancel
# magnify that, so the floor is absolute, on the scale of values that stand in a record.
RELATIVE, ABSOLUTE = 1e-12, 1e-10


def same(found: Any, wanted: Any) -> bool:
    if wanted is None or isinstance(wanted, bool | str):
        return found is wanted or (type(found) is type(wanted) and found == wanted)
    if found is None or isinstance(found, bool | str):
        return False
    return abs(found - float(wanted)) <= max(RELATIVE * abs(float(wanted)), ABSOLUTE)
