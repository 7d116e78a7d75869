"""`escalon grade ctcae`: one test, the text of a term, the lists."""

from typing import Any

import typer

from escalon.cli.grade_writing import fail, print_finding, print_grid, print_json


def grade_test(test: str, items: dict[str, Any], as_json: bool) -> None:
    """The grades a test's value gives, or what each grade of a term says when no value is given."""
    from escalon.facts import Status
    from escalon.instruments.kit.assessment import UnknownItem
    from escalon.instruments.kit.catalogue import UnknownInstrument, catalogue
    from escalon.instruments.safety.ctcae.laboratory import UnknownTest, grade_laboratory

    if not items:
        _show_term(test, as_json)
        return
    try:
        findings = grade_laboratory(test, **items)
    except (UnknownTest, UnknownItem, UnknownInstrument) as error:
        fail(str(error))
    if as_json:
        print_json({"test": test, "findings": [finding.as_json() for finding in findings]})
    else:
        for finding in findings:
            print_finding(catalogue()[finding.name].title, finding)
    if any(finding.status is Status.INVALID for finding in findings):
        raise typer.Exit(2)


def _show_term(name: str, as_json: bool) -> None:
    from escalon.instruments.safety.ctcae.laboratory import UnknownTest, terms_of
    from escalon.instruments.safety.ctcae.terms import UnknownTerm, find_event

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
    typer.echo(f"{term.name} · {term.system_class} · MedDRA {term.code}")
    for grade, text in term.grades.items():
        typer.echo(f"  {grade}  {text}")


def list_terms(word: str, as_json: bool) -> None:
    """The terms of CTCAE v5.0 whose name or class contains a word."""
    from escalon.instruments.safety.ctcae.terms import terms

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
    print_grid(f"CTCAE v5.0: {len(found)} of {len(terms())} terms", ("term", "class", "MedDRA", "grades"), rows, 1000)


def list_tests(as_json: bool) -> None:
    """The laboratory tests and measurements that a number can grade."""
    from escalon.instruments.safety.ctcae.laboratory import laboratory_terms

    rows = [
        (lab.quantity.name, lab.quantity.unit, ", ".join(lab.quantity.accepts), lab.term.name, ", ".join(lab.limits))
        for lab, _ in laboratory_terms().values()
    ]
    if as_json:
        keys = ("test", "unit", "also", "term", "reads")
        print_json([dict(zip(keys, row, strict=True)) for row in sorted(rows)])
    else:
        print_grid(
            "Tests that CTCAE v5.0 grades from a number", ("test", "unit", "also", "term", "reads"), sorted(rows), 1000
        )
