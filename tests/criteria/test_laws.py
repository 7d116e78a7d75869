"""Laws that hold for every criterion."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from escalon.criteria import english, examine, parse, render
from escalon.expressions.tree import Op
from escalon.facts import Day, Fact, Facts, Interval, all_known, any_known, at_least_known, negate
from tests.criteria.strategies import criteria, histories, situation

truths = st.sampled_from((True, False, None))
many = st.lists(truths, max_size=6)


@given(criteria)
@settings(max_examples=400)
def test_what_is_rendered_is_parsed_back(criterion):
    assert parse(render(criterion)) == criterion


def test_a_window_of_both_sides_is_said_once():
    text = "alt <= 3 * uln within 14 days before screening"
    assert render(parse(text)) == text


@given(criteria, histories, histories)
@settings(max_examples=400)
def test_learning_more_never_reverses_a_verdict(criterion, known, learnt):
    before = examine(criterion, situation(known)).value
    more = known.with_facts(fact for fact in learnt if not known.named(fact.name))
    assert before is None or examine(criterion, situation(more)).value is before


class Whole(Facts):
    """Facts of which every one of a name is looked at, whatever is asked."""

    def near(self, name, first, last, newest=False):
        return self.named(name)


@given(criteria, histories)
@settings(max_examples=400)
def test_what_may_not_be_the_newest_changes_nothing(criterion, known):
    assert examine(criterion, situation(known)) == examine(criterion, situation(Whole(known)))


def test_what_is_older_than_a_sure_value_is_not_looked_at():
    days = (Day(2025, 4, 8), Day(2025, 4, 9), Day(2025, 4), None, Day(2025, 4, 7))
    facts = Facts(Fact("alt", number, day) for number, day in enumerate(days))
    assert [fact.value for fact in facts.near("alt", None, Day(2025, 4, 20), newest=True)] == [3, 1, 2]
    assert [fact.value for fact in facts.near("alt", None, Day(2025, 4, 8), newest=True)] == [3, 0, 1, 2]


@given(criteria, histories, st.data())
@settings(max_examples=400)
def test_knowing_a_number_more_exactly_never_reverses_a_verdict(criterion, known, data):
    before = examine(criterion, situation(known)).value
    exact = Facts(replace(fact, value=_number_in(fact.value, data)) for fact in known)
    assert before is None or examine(criterion, situation(exact)).value is before


def _number_in(value, data):
    if not isinstance(value, Interval):
        return value
    low, high = (Fraction(end) if end is not None else None for end in value.ends)
    low, high = low if low is not None else high - 50, high if high is not None else low + 50
    edges = [low] * (not value.low_open) + [high] * (not value.high_open)
    return data.draw(st.sampled_from([*edges, (low + high) / 2, low + (high - low) / 100]))


@given(criteria, histories)
def test_a_full_date_never_reverses_what_a_partial_date_settled(criterion, known):
    before = examine(criterion, situation(known)).value
    full = Facts(
        Fact(
            f.name,
            f.value,
            Day.of(f.day.earliest) if f.day else None,
            f.unit,
            upper=f.upper,
            until=f.until,
            ongoing=f.ongoing,
        )
        for f in known
    )
    ties = {f.name for f in full if len({g.day for g in full.named(f.name)}) < len(full.named(f.name))}
    if before is not None and not ties:
        assert examine(criterion, situation(full)).value is before


@given(criteria, histories)
def test_an_unknown_verdict_says_what_would_settle_it(criterion, known):
    finding = examine(criterion, situation(known))
    assert finding.value is not None or finding.missing


@given(criteria, histories)
def test_not_is_the_opposite_of_a_criterion(criterion, known):
    here = situation(known)
    assert examine(Op("not", (criterion,)), here).value == negate(examine(criterion, here).value)


@given(criteria)
def test_every_criterion_has_an_english_sentence(criterion):
    assert english(criterion).strip()


@given(many, many)
def test_kleene_connectives_are_associative_and_dual(some, more):
    assert all_known([all_known(some), all_known(more)]) == all_known([*some, *more])
    assert any_known([any_known(some), any_known(more)]) == any_known([*some, *more])
    assert negate(all_known(some)) == any_known([negate(x) for x in some])


@given(many, st.integers(0, 7))
def test_at_least_counts_every_completion(some, number):
    import itertools

    completions = {
        sum(done) >= number for done in itertools.product(*([x] if x is not None else [True, False] for x in some))
    }
    expected = completions.pop() if len(completions) == 1 else None
    assert at_least_known(number, some) == expected


@given(truths)
def test_unknown_is_neither_true_nor_false(x):
    assert any_known([x, negate(x)]) in (True, None)
    assert all_known([x, negate(x)]) in (False, None)
    assert negate(negate(x)) is x
