"""A short stretch of the campaign over the command line; `make fuzz-cli` makes 5,000 calls."""

import pytest

from tests.fuzz import commands


@pytest.mark.slow
def test_whatever_is_typed_gives_an_answer_or_a_sentence(tmp_path):
    tally = {}
    for _, seen in commands.campaign(100, tmp_path):
        tally = dict(seen)
    assert sum(tally.values()) == 100
    assert tally["exit code 0"] > 10
    assert tally["exit code 2"] > 10


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return commands.prepared(tmp_path_factory.mktemp("typed"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("design compare -t 25", "Did you mean 0.25?"),
        ("design compare -t nan", "no rate"),
        ("design compare --late 1", "no rate"),
        ("design compare --window nan", "no number of days"),
        ("design compare --random 2 --seed -1", "range"),
        ("design compare --random -5", "range"),
        ("design compare --trials 0", "range"),
        ("serve data", "escalon serve nct07052565 --data data"),
        ("serve --host 256.0.0.1.2", "escalon: "),
        ("casebook show book P-999 --as ines", "there is no participant P-999"),
        ("casebook migrate book --owner nonsense", "postgresql://USER@HOST/NAME"),
        ("casebook record book CellsInfused participant=P-1 --as ines", "needs: level. Write FIELD=VALUE"),
        ("casebook record book CellsInfused participant=P-1 level=1 --as ines", "its moment (at) or its day (on)"),
        ("casebook record book FactRecorded participant=P-1 --as ines", "needs: fact"),
        ("casebook sign book EligibilitySigned participant=P-1 --meaning approve --as ines", "needs: screening"),
        ("screen \udc80 data", "not text in UTF-8"),
        ("data check nct07052565 binary.csv", "binary.csv"),
    ],
)
def test_a_slip_is_named_with_what_to_write(place, line, says):
    code, said = commands.called(line.split(), place)
    assert code == 2
    assert says in " ".join(said.split())
    assert not commands.INSIDE.search(said)
