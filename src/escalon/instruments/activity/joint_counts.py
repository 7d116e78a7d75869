"""Counts of tender, swollen and active joints over the 28-joint set of rheumatoid arthritis.

Shoulders, elbows, wrists, metacarpophalangeal 1–5, proximal interphalangeal 1–5 (the thumb's interphalangeal joint is the
first) and knees, both sides. Ankles, feet, hips and distal interphalangeal joints are not in the set. Pressure tenderness or
pain on motion makes a joint tender; bony swelling does not make it swollen.
"""

from typing import Any, Literal

from escalon.expressions.symbols import (
    all_of,
    any_of,
    case,
    count,
    count_known,
    largest_known,
    minimum,
    otherwise,
    points,
    sum_known,
)
from escalon.instruments.kit.instrument import Items, Outcome, instrument
from escalon.instruments.kit.item import Item, integer, truth
from escalon.instruments.kit.points import awarded, together

SIDES = ("right", "left")
SINGLE = ("shoulder", "elbow", "wrist", "knee")
RAYS = ("mcp", "pip")
JOINTS = tuple(
    f"{joint}_{side}"
    for joint in (*SINGLE[:3], *(f"{ray}_{finger}" for ray in RAYS for finger in range(1, 6)), SINGLE[3])
    for side in SIDES
)
# No published rule for joints that cannot be examined was found; 24 of 28 is ours (spec instruments §1).
FEWEST_EVALUABLE = 24
SOURCE = "Prevoo 1995, doi:10.1002/art.1780380107 (28-joint set); Fuchs 1989, Arthritis Rheum 32:531"
UNCONFIRMED = "no published rule for joints that cannot be examined: proration is ours and off unless asked for"
NotEvaluable = Literal["missing", "prorate"]


def joint_items(*signs: str) -> dict[str, Item]:
    """One yes-or-no item for each joint and sign, such as `tender_mcp_1_right`."""
    return {f"{sign}_{joint}": truth(f"{joint.replace('_', ' ')} {sign}") for sign in signs for joint in JOINTS}


@instrument("Tender joints of 28", source=SOURCE, items=joint_items("tender"), code="TJC28")
def tender_joints_28(it: Items, *, not_evaluable: NotEvaluable = "missing") -> Outcome:
    """How many joints of the 28-joint set are tender, 0–28; a joint not examined (replaced, fused, injected) is unknown."""
    return _counted([it[f"tender_{joint}"] for joint in JOINTS], not_evaluable)


@instrument("Swollen joints of 28", source=SOURCE, items=joint_items("swollen"), code="SJC28")
def swollen_joints_28(it: Items, *, not_evaluable: NotEvaluable = "missing") -> Outcome:
    """How many joints of the 28-joint set are swollen, 0–28; a joint not examined (replaced, fused, injected) is unknown."""
    return _counted([it[f"swollen_{joint}"] for joint in JOINTS], not_evaluable)


COUNTS = {
    f"{sign}_count": integer(
        f"{sign} joints of 28, where single joints are not recorded", 0, 28, needed=False, also=(short,),
        fact=f"{sign}_joints_28", instead_of=tuple(joint_items(sign)),
    )
    for sign, short in (("tender", "tjc28"), ("swollen", "sjc28"))
}  # fmt: skip


@instrument("Active joints of 28", source=SOURCE, items=joint_items("tender", "swollen") | COUNTS, code="AJC28")
def active_joints_28(it: Items, *, not_evaluable: NotEvaluable = "missing") -> Outcome:
    """How many joints of the 28-joint set are tender or swollen, 0–28: not the sum of the two counts.

    From the two counts alone it lies between the larger and their sum, and is known only where these agree.
    """
    signs = {sign: [it[f"{sign}_{joint}"] for joint in JOINTS] for sign in ("tender", "swollen")}
    either = [any_of(*pair) for pair in zip(*signs.values(), strict=True)]
    parts = {sign: otherwise(count(joints), it[f"{sign}_count"]) for sign, joints in signs.items()}
    contradictions = {
        f"the {sign} count is not that of the joints": it[f"{sign}_count"] != count(joints)
        for sign, joints in signs.items()
    }
    if not_evaluable == "prorate":
        prorated = _counted(either, not_evaluable)
        return Outcome(prorated.value, parts=prorated.parts, flags=prorated.flags, contradictions=contradictions)
    joints = together(awarded(joint, 1) for joint in either)
    at_least = largest_known(joints.certain, it.tender_count, it.swollen_count)
    at_most = minimum(joints.most, otherwise(it.tender_count + it.swollen_count, len(JOINTS)))
    active = case(at_least == at_most, at_least, None)
    return Outcome(
        active,
        parts={**parts, "at_least": at_least, "at_most": at_most},
        bounds_of=("at_least", "at_most"),
        read_as=dict.fromkeys(it, active),
        contradictions=contradictions,
    )


def _counted(joints: list[Any], not_evaluable: str) -> Outcome:
    if not_evaluable == "missing":
        return Outcome(count(joints))
    found, evaluable = sum_known(*map(points, joints)), count_known(*joints)
    enough = evaluable >= FEWEST_EVALUABLE
    return Outcome(
        case(enough, found * len(JOINTS) / evaluable, None),
        parts={"evaluable": evaluable},
        flags={
            "JOINTS_PRORATED": (
                all_of(enough, evaluable < len(JOINTS)),
                f"some joints were not evaluable: the count is raised in proportion to {len(JOINTS)} joints",
            ),
            "rule_unconfirmed": (evaluable < len(JOINTS), UNCONFIRMED),
        },
    )
