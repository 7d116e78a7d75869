"""The record is cut mechanically, and coverage cannot be had by chance."""

from escalon.protocol.record import clauses, places, uncovered

RECORD = """Title of it

Exclusion Criteria
  • (1) Stroke, with a value of 1.5×ULN; aneurysm, etc.(2) Angina.Heart failure or arrhythmia。
Sex
All
"""


def test_sentences_semicolons_and_numbering_cut_clauses() -> None:
    found = [(one.section, one.text) for one in clauses(RECORD)]
    assert found == [
        ("Head", "Title of it"),
        ("Exclusion Criteria", "• (1) Stroke, with a value of 1.5×ULN;"),
        ("Exclusion Criteria", "aneurysm, etc."),
        ("Exclusion Criteria", "(2) Angina."),
        ("Exclusion Criteria", "Heart failure or arrhythmia。"),
        ("Exclusion Criteria", "All"),
    ]


def test_what_is_left_is_named_and_joining_words_are_not_missed() -> None:
    cut = clauses(RECORD)
    heart = cut[4]
    spans = places("Heart failure", RECORD, cut)
    assert uncovered(heart, RECORD, spans) == "arrhythmia"
    assert uncovered(heart, RECORD, [*spans, *places("arrhythmia", RECORD, cut)]) == ""


def test_a_short_piece_counts_only_as_a_whole_clause() -> None:
    cut = clauses(RECORD)
    assert len(places("All", RECORD, cut)) == 1
    assert places("of", RECORD, cut) == ()


def test_a_piece_does_not_match_within_a_word() -> None:
    assert places("Angin", RECORD, clauses(RECORD)) == ()


def test_headings_are_read_as_people_type_them() -> None:
    found = clauses("Inclusion:\nAdults\nEXCLUSION CRITERIA\nStroke\nOutcomes\nDeaths\n")
    assert [one.id for one in found] == ["Inclusion Criteria 1", "Exclusion Criteria 1", "Outcome Measures 1"]


def test_numbering_asks_for_nothing_and_own_headings_are_sections() -> None:
    record = (
        "Inclusion Criteria:\n1. Adults.\n2.1 Lupus\n(iii) Third\nb) Platelets.\n\n## During the study\nNo pregnancy."
    )
    cut = clauses(record)
    assert [(one.section, one.text) for one in cut] == [
        *(("Inclusion Criteria", text) for text in ("1. Adults.", "2.1 Lupus", "(iii) Third", "b) Platelets.")),
        ("During the study", "No pregnancy."),
    ]
    said = ("Adults", "Lupus", "Third", "Platelets", "pregnancy")
    left = [uncovered(one, record, places(piece, record, cut)) for one, piece in zip(cut, said, strict=True)]
    assert left == ["", "", "iii", "", "No"]


def test_an_amount_is_no_numbering() -> None:
    record = "1.5 mg of prednisone"
    assert uncovered(clauses(record)[0], record, []) == "1 5 mg of prednisone"
