"""`escalon grade ctcae`: one test, the text of a term, the lists."""

from typing import Any

from escalon.cli.grade_writing import print_finding
from escalon.cli.output import end_with, fail, print_json, print_table, say
from escalon.facts import Finding
from escalon.instruments.kit.assessment import UnknownItem, assess_with
from escalon.instruments.kit.catalogue import UnknownInstrument, catalogue
from escalon.instruments.safety.ctcae.laboratory import UnknownTest, grade_laboratory, laboratory_terms, terms_of
from escalon.instruments.safety.ctcae.terms import UnknownTerm, find_event, terms


def grade_test(test: str, items: dict[str, Any], as_json: bool) -> None:
    """The grades a test's value gives, or what each grade of a term says when no value is given."""
    name, equals, value = test.partition("=")
    if equals:
        fail(f"the test stands alone, its value after it. Write: escalon grade ctcae {name} value='{value}'")
    if not items:
        _show_term(test, as_json)
        return
    try:
        findings = _graded(test, items)
    except (UnknownTest, UnknownItem, UnknownInstrument) as error:
        fail(str(error))
    if as_json:
        print_json({"test": test, "findings": [finding.as_json() for finding in findings]})
    else:
        for finding in findings:
            print_finding(catalogue()[finding.name].title, finding)
    end_with(*findings)


def _graded(test: str, items: dict[str, Any]) -> tuple[Finding, ...]:
    """The grades of one value, or that of a term with an instrument of its own, such as hypertension."""
    try:
        term = find_event(test)
    except UnknownTerm:
        return grade_laboratory(test, **items)
    own = catalogue().get(f"ctcae_{term.name.lower().replace(' ', '_')}")
    if own is None or own.name in laboratory_terms():
        return grade_laboratory(test, **items)
    return (assess_with(own, items),)


def _show_term(name: str, as_json: bool) -> None:
    try:
        term = find_event(name)
    except UnknownTerm as error:
        try:
            names = ", ".join(lab.term.name for lab in terms_of(name))
        except UnknownTest:
            fail(str(error))
        fail(f"{name} is a test: give its value, as in `escalon grade ctcae {name} value=…`. It grades {names}")
    if as_json:
        grades = {str(grade): text for grade, text in term.grades.items()}
        print_json({"term": term.name, "class": term.system_class, "meddra_code": term.code, "grades": grades})
        return
    say(f"{term.name} · {term.system_class} · MedDRA {term.code}")
    for grade, text in term.grades.items():
        say(f"  {grade}  {text}")


def list_terms(word: str, as_json: bool) -> None:
    """The terms of CTCAE v5.0 whose name or class contains a word."""
    found = [term for term in terms().values() if word.lower() in f"{term.name} {term.system_class}".lower()]
    if as_json:
        print_json(
            [
                {"term": term.name, "class": term.system_class, "meddra_code": term.code, "grades": list(term.grades)}
                for term in found
            ]
        )
        return
    rows = [(term.name, term.system_class, term.code, ", ".join(map(str, term.grades))) for term in found]
    print_table(("term", "class", "MedDRA", "grades"), rows, f"CTCAE v5.0: {len(found)} of {len(terms())} terms")


def list_tests(as_json: bool) -> None:
    """The laboratory tests and measurements that a number can grade."""
    rows = [
        (lab.quantity.name, lab.quantity.unit, ", ".join(lab.quantity.accepts), lab.term.name, ", ".join(lab.limits))
        for lab, _ in laboratory_terms().values()
    ]
    columns = ("test", "unit", "also", "term", "reads")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in sorted(rows)])
    else:
        print_table(columns, sorted(rows), "Tests that CTCAE v5.0 grades from a number")
