"""Whether a product is this participant's own: every identifier on the label against the person's, character by character.

An autologous product given to the wrong person can kill. Nothing is guessed: a missing identifier is not a match, and two
different people have to look.
"""

from collections.abc import Mapping, Sequence

from escalon.facts import Finding, Status

RULE = "patient_product_identity/1"


def check_identity(
    participant: Mapping[str, str | None],
    label: Mapping[str, str | None],
    identifiers: Sequence[str],
    checked_by: Sequence[str] = (),
) -> Finding:
    """Compare the named identifiers of participant and label: True all match, False any differs, else not known.

    Blanks around a value do not count; everything else does, capital letters and full-width characters included.
    Flagged `second_check_required` until two different people are named in `checked_by`.
    """
    if not identifiers:
        raise ValueError("an identity check needs at least one identifier, such as participant and product number")
    pairs = {name: (_clean(participant.get(name)), _clean(label.get(name))) for name in identifiers}
    differ = tuple(_difference(name, *pair) for name, pair in pairs.items() if None not in pair and pair[0] != pair[1])
    missing = tuple(name for name, pair in pairs.items() if None in pair)
    people = {name.strip().casefold() for name in checked_by if name.strip()}
    flags: tuple[str, ...] = ("identity_mismatch",) if differ else ()
    flags += () if len(people) > 1 else ("second_check_required",)
    value, status = (False, Status.OK) if differ else (None, Status.MISSING) if missing else (True, Status.OK)
    reasons = differ + tuple(f"{name} is not recorded on both sides" for name in missing)
    return Finding(
        "patient_product_identity",
        value,
        status,
        category={True: "match", False: "DIFFERENT", None: "not known"}[value],
        components={name: {"participant": one, "label": other} for name, (one, other) in pairs.items()},
        missing=missing,
        flags=flags,
        reasons=reasons,
        rule=RULE,
    )


def _clean(text: str | None) -> str | None:
    return (text or "").strip() or None


def _difference(name: str, participant: str | None, label: str | None) -> str:
    """Both values; characters that look alike on paper are spelled out."""
    if str(participant).isascii() and str(label).isascii():
        return f"{name}: participant {participant!r}, label {label!r}"
    return f"{name}: participant {participant!a}, label {label!a} (characters spelled out)"
