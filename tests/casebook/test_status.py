"""What the status of a casebook says of people who were not dosed yet rests on what is recorded of them."""

from datetime import UTC, datetime

from tests.casebook.test_an_inserted_level import book  # noqa: F401


def test_a_signature_on_eligibility_is_not_called_void_for_facts_nobody_read(book):  # noqa: F811
    today = f"{datetime.now(UTC).date()}"
    record = ("casebook", "record", book.book)
    said = [
        ("ParticipantConsented", "participant=P07", "site=S1", "form=v1", f"signed_on={today}"),
        ("FactRecorded", "participant=P07", "fact.name=age", "fact.value=40", f"fact.day={today}"),
    ]
    for one in said:
        done = book.run(*record, *one, "--as", "ines")
        assert done.exit_code == 0, done.output
    screened = book.run("casebook", "propose", book.book, "screening", "P07", "--as", "ines").stdout
    number = screened.split()[1].rstrip(":")
    signing = ("participant=P07", f"screening={number}", "--meaning", "approve", "--as", "ines")
    signed = book.run("casebook", "sign", book.book, "EligibilitySigned", *signing)
    assert signed.exit_code == 0, signed.output
    status = book.run("casebook", "status", book.book, "--as", "ines").stdout
    assert "void" not in status
    assert f"approve of entry {number}: valid" in status
