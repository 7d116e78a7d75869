"""A rule asked of one state answers as the rule of rows does, on every state; and of a notation without numpy."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from itertools import product

import pytest

from escalon.escalation import (
    at_most,
    backfill,
    coherent,
    enough_and_staying,
    enough_at_next,
    expand_at_mtd,
    no_skipping,
    parse_design,
    too_toxic,
    total_dlts,
)
from escalon.escalation.rule import Counts, RuleOfCounts, TrialState
from escalon.escalation.user_table import user_table

PAIRS = [(n, t) for n in (0, 1, 2, 3, 4, 6, 7) for t in range(n + 1)]
GUARDS = {
    "none": (),
    "at most": (at_most(9),),
    "no skipping": (no_skipping(),),
    "fill": (expand_at_mtd(7), backfill(6), at_most(12)),
    "toxicity": (coherent(Fraction(1, 4)), too_toxic(Fraction(1, 4)), at_most(12)),
    "stops": (enough_and_staying(6), enough_at_next(4), total_dlts(4)),
}
TABLE = "n,0,1,2,3,4,5,6,7\n" + "\n".join(",".join([str(n), *"ESDXXXXX"[: n + 1]]) for n in range(1, 8))
RULES = [
    *(parse_design(f"3+3 {variant}", 3, start=start) for variant in ("V1", "V2", "V3") for start in (1, 2)),
    parse_design("a+b variant=V3 a=2 b=4 c=1 d=1 e=2 declare=3", 3),
    parse_design("i3+3 target=0.25 size=40", 3).rule,
    parse_design("boin target=0.3 size=40", 3, start=2).rule,
    user_table(3, TABLE, 0.25),
]


def states():
    """Every state of two levels out of three, whoever was treated last."""
    for one, two, current, hot in product(PAIRS, PAIRS, range(4), (False, True)):
        n, t = zip(one, (0, 0), two, strict=True)
        yield TrialState(n, t, current, sum(n) + current, hot)
        n, t = zip(one, two, (3, current % 3), strict=True)
        yield TrialState(n, t, current, sum(n), hot)


@pytest.mark.parametrize("over", GUARDS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name} from {rule.start}")
def test_one_state_is_answered_as_its_row_is(rule, over):
    assert isinstance(rule, RuleOfCounts)
    asked = list(states())[:: 3 if over == "none" else 23]
    if over == "stops":  # a condition that a user may write is asked of rows either way
        asked = asked[::12]
    for guard in GUARDS[over]:
        rule = rule & guard
    assert rule.moves(asked) == rule.decide(Counts.of(*asked)).rows()


@pytest.mark.parametrize(
    ("design", "so_far", "said"),
    [
        ("3+3 V2 size=18", "1NNN", "Treat 3 at level 2."),
        ("a+b variant=V2 a=3 b=3 c=1 d=1 e=1", "1NNT", "Treat 3 at level 1."),
        ("i3+3 target=0.25 size=18", "1NNN 2NTT", "Treat 3 at level 1."),
        ("boin target=0.25 size=18", "1NNN 2NP", "Treat 1 at level 2."),
        ("rolling-six window=28 size=18", "1NNP", "Treat 3 at level 1."),
        ("table file={file} target=0.25 size=18", "1NNN", "Treat 3 at level 2."),
    ],
)
def test_a_rule_of_counts_answers_a_notation_without_numpy(design, so_far, said, tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    asked = ["dose", "next", so_far, "--design", design.format(file=tmp_path / "table.csv")]
    script = (
        "import sys\nfrom escalon.cli.main import run\n"
        "try:\n    run()\nfinally:\n    print('numpy' if 'numpy' in sys.modules else 'without numpy')"
    )
    answer = subprocess.run([sys.executable, "-c", script, *asked], capture_output=True, text=True)
    assert answer.stdout.startswith(said), answer.stdout + answer.stderr
    assert answer.stdout.rstrip().endswith("without numpy")
