"""What the `escalon dose` commands read alike: amounts with units, percentages with their sign, products, weights."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from escalon.cli.output import fail, note

if TYPE_CHECKING:
    from escalon.facts import Fact, Finding
    from escalon.instruments.product.dose_window import DoseAdjustment
    from escalon.instruments.product.infusion import Bag
    from escalon.protocol.study import Study

Text: TypeAlias = str | None
Made = TypeVar("Made")


def asked(make: Callable[[], Made]) -> Made:
    """What a call gives, or its message and exit code 2 when what was typed is wrong."""
    try:
        return make()
    except (ValueError, KeyError, OSError) as error:
        fail(str(error.args[0]) if isinstance(error, KeyError) else str(error))
    except ArithmeticError:
        fail("a number is beyond anything that is measured. Check the exponents")


def amount(name: str, text: Text, unit: str) -> Fraction | None:
    """A number that may carry its unit: `55`, `55 kg`, `2.10 × 10⁷`; blank is not known."""

    from escalon.facts import Interval, convert
    from escalon.facts.amount import read_amount

    if not (text or "").strip():
        return None
    try:
        found = read_amount(text or "")
        if isinstance(found.value, Interval):
            raise ValueError(f"{text!r} is no one number. Write a number, such as '20 {unit.strip('{}')}'")
        if found.value and not -18 <= found.value.adjusted() <= 18:
            raise ValueError(f"{text!r} is beyond anything that is measured. Check the exponent")
        return convert(found.value, found.unit or unit, unit)
    except ValueError as error:
        if not re.search(r"\d", text or ""):
            such = f"Write a number, such as --{name} '20 {unit.strip('{}')}'"
            raise ValueError(f"--{name} {text!r} is not an amount. {such}") from None
        raise ValueError(f"--{name}: {error}") from None


def share(name: str, text: Text) -> Fraction | None:
    """A percentage, with its sign: 0.5 could be half or half a per cent, and the dose would differ a hundredfold."""
    from escalon.facts import exact, read_number

    written = (text or "").strip()
    if not written:
        return None
    if not written.endswith("%"):
        raise ValueError(f"--{name} {written!r} has no % sign, so 0.5 could mean 50 % or 0.5 %. Write --{name} 85%")
    try:
        share = exact(read_number(written[:-1])) / 100
    except ValueError as error:
        raise ValueError(f"--{name}: {error}") from None
    if not 0 <= share <= 1:
        raise ValueError(f"--{name} {written} is outside 0 % to 100 %")
    return share


def say_notes(findings: "Sequence[Finding]", said: Sequence[str] = ()) -> None:
    """Flags and why, once each; to stderr, so that a pipe keeps only the answer."""
    flags = dict.fromkeys(flag for finding in findings for flag in finding.flags)
    reasons = dict.fromkeys(r for f in findings if f.flags or f.value is None for r in f.reasons if r not in said)
    for one in ([f"flags: {', '.join(flags)}"] if flags else []) + [f"note: {reason}" for reason in reasons]:
        note(one)


def shown(value: Any, unit: str) -> str:
    """An amount with two decimals, or that it is not known."""
    return "not known" if value is None else f"{float(value):.2f} {unit}".replace(".00 ", " ")


def bag_of(study: "Study", **given: Any) -> "Bag":
    """The product as typed: each amount with its unit, each share with its sign; in the thing the study's levels are in."""
    from escalon.instruments.product.infusion import Bag

    level = study.dose.levels[0].amount

    if given["car_gate"] not in ("viable", "total"):
        raise ValueError(f"--car-gate {given['car_gate']!r} is not known. Write viable or total")
    bag = Bag(
        cells_per_ml=amount("cells-per-ml", given["cells_per_ml"], "{cells}/mL"),
        viability=share("viability", given["viability"]),
        car_fraction=share("car-fraction", given["car_fraction"]),
        car_gate=given["car_gate"],
        volume=amount("volume", given["volume"], "mL"),
        residual=amount("residual", given["residual"], "mL"),
        release_viability=share("release-viability", given["release_viability"]),
        cells=amount("cells", given["cells"], "{cells}"),
        given=amount("given", given["given"], level.thing) if given.get("given") else None,
    )
    _check_counted(study, bag)
    return bag


def _check_counted(study: "Study", bag: "Bag") -> None:
    """Refuse cells where the levels are in another thing, and the other way: it would be dropped without a word."""
    level = study.dose.levels[0].amount
    if level.is_cells and bag.given is not None:
        raise ValueError(
            f"--given: the levels of {study.id} are in {level.shown_unit}. Write the cells given as --cells 1.7e7"
        )
    counted = ("cells", "cells_per_ml", "viability", "car_fraction", "volume", "residual", "release_viability")
    typed = [f"--{name.replace('_', '-')}" for name in counted if getattr(bag, name) is not None]
    if typed and not level.is_cells:
        unit = level.shown_unit.partition("/")[0]
        raise ValueError(f"{' and '.join(typed)}: the levels of {study.id} are in {level.shown_unit}, which no cells make. "
                         f"Write what was given in all as --given '24 {unit}'")  # fmt: skip


def weight_of(study: "Study", weight: Text, taken: Text, at_leukapheresis: Text, infusion_date: Text) -> "Finding":
    """The weight to dose on by the study's window; without dates it is taken as given, flagged."""
    from escalon.facts import Day, Fact, Finding, Status
    from escalon.instruments.product.dosing_weight import NO_WEIGHT, dosing_weight, is_a_weight

    kilograms, before = amount("weight", weight, "kg"), amount("leukapheresis-weight", at_leukapheresis, "kg")
    if any(kg is not None and not is_a_weight(kg) for kg in (kilograms, before)):
        raise ValueError(NO_WEIGHT)
    if kilograms is None and before is None:
        flat = not study.dose.levels[0].amount.per
        status, why = (
            (Status.NOT_APPLICABLE, "a flat dose asks for none") if flat else (Status.MISSING, "no weight given")
        )
        missing = () if flat else ("weight",)
        return Finding("dosing_weight", None, status, unit="kg", missing=missing, reasons=(why,))
    day = Day.parse(taken) if taken else None
    if kilograms is None:  # at leukapheresis a weight serves at any age, so its day decides nothing
        infusion_date = infusion_date or "2000-01-01"
    facts = [Fact("weight", before, unit="kg", visit="leukapheresis")] if before is not None else []
    if infusion_date is None or (kilograms is not None and day is None):
        return _undated(kilograms, facts, study)
    facts += [Fact("weight", kilograms, day, "kg")] if kilograms is not None else []
    window = study.dose.weight_window
    if window is None:
        return _undated(kilograms, facts, study)
    days = window.number * {"day": 1, "week": 7}.get(window.unit, 0)
    if not days:
        raise ValueError(f"the study's weight window is {window}: write it in days or weeks")
    return dosing_weight(facts, Day.parse(infusion_date), days, study.dose.weight_change_flag)


def _undated(kilograms: Fraction | None, facts: "list[Any]", study: "Study") -> "Finding":
    """A weight without its day: used as given, and said so; the change since leukapheresis is still looked at."""
    from escalon.facts import Day, Fact
    from escalon.instruments.product.dosing_weight import dosing_weight

    today = Day(2000, 1, 1)  # both stand on one day, so that the window cannot decide; only the change is compared
    found = dosing_weight([*facts, Fact("weight", kilograms, today, "kg")], today, 0, study.dose.weight_change_flag)
    most = f"at most {study.dose.weight_window}" if study.dose.weight_window else "the study sets no limit to it"
    reason = f"the day of the weight or of the dose is not given, so its age ({most}) is not checked"
    if not study.collects_cells:  # there is no earlier weight that this one could be compared with
        found = replace(found, flags=(), reasons=())
    return replace(
        found,
        components={key: part for key, part in found.components.items() if key != "taken"},
        flags=(*found.flags, "weight_date_not_known"),
        reasons=(*found.reasons, reason),
        rests_on=tuple(replace(fact, day=None) if isinstance(fact, Fact) else fact for fact in found.rests_on),
    )


def adjustment_of(reason: Text, author: Text, at: Text, analysis_level: int | None) -> "DoseAdjustment | None":
    """An adjustment with its reason, author and time; none of the three, no adjustment."""
    from escalon.instruments.product.dose_window import DoseAdjustment

    if reason is None and author is None and at is None:
        if analysis_level is not None:
            raise ValueError("--analysis-level is a decision: give --reason, --author and --at with it")
        return None
    if not (reason and author and at):
        raise ValueError("an adjustment needs --reason, --author and --at together")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        raise ValueError(f"--at {at!r} is not a time. Write it as 2025-03-14T09:30+08:00") from None
    return DoseAdjustment(reason, author, when, analysis_level)


def identity_of(participant: str, patient: list[str], label: list[str], checked_by: list[str]) -> "Finding | None":
    """Label against participant, for the identifiers given; None when none was."""
    from escalon.instruments.product.identity import check_identity

    if not patient and not label:
        return None
    sides = []
    for name, pairs in (("patient-id", patient), ("label-id", label)):
        side = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f"--{name} {pair!r} names no identifier. Write --{name} product=E01-7")
            side[key.strip()] = value
        sides.append(side)
    one, other = sides
    if participant and "participant" in other:
        one.setdefault("participant", participant)
    return check_identity(one, other, tuple(dict.fromkeys((*one, *other))), checked_by)


def surface_of(study: "Study", height: Text, weight: "Finding") -> "Finding | None":
    """The body surface by Mosteller, where the study's dose is for each m²; nothing elsewhere."""
    from escalon.conduct.judge.lymphodepletion import body_surface

    if study.dose.levels[0].amount.per != "m2":
        return None
    from escalon.facts import Fact, exact

    tall, heavy = amount("height", height, "cm"), weight.value
    return body_surface(
        study,
        None if tall is None else Fact("height", tall, unit="cm"),
        Fact("weight", exact(heavy), unit="kg") if isinstance(heavy, int | float | Fraction) else None,
    )


def release_of(attributes: list[str]) -> "Finding | None":
    """Release attributes as typed (`viability=88%`) against the customary limits; None when none was given.

    The limits are customary, not the product's own, so the finding is flagged `rule_unconfirmed`.
    """

    from escalon.instruments.product.release import COMMON_LIMITS, judge_release

    if not attributes:
        return None
    known = {limit.attribute for limit in COMMON_LIMITS}
    results = {}
    for pair in attributes:
        name, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or name not in known:
            raise ValueError(f"--release {pair!r}: write NAME=RESULT with one of {', '.join(sorted(known))}")
        results[name] = _result(name, text)
    found = judge_release([limit for limit in COMMON_LIMITS if limit.attribute in results], results)
    return replace(found, flags=(*found.flags, "rule_unconfirmed"))


def _result(name: str, text: str) -> "Fact":
    """A release result: a number with its unit, `<0.5 [EU]/kg/h`, or a word."""

    from escalon.facts import Fact, read_number

    found = re.fullmatch(r"(<?)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(.*)", text)
    if not found:
        return Fact(name, text or None)
    number = read_number(found[2])
    return Fact(name, f"<{number}" if found[1] else number, unit=found[3] or None)
