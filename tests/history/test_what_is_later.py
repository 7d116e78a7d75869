"""What happened after a day is in nobody's course on that day, and is kept aside by name."""

from datetime import date

from escalon.facts import Day
from tests.histories import event, history


def test_what_happens_after_a_day_is_left_out_and_kept_aside():
    early, late = Day.parse("2025-03-10"), Day.parse("2025-03-20")
    events = [event(participant="P01", term="Nausea", grade=1, start=day) for day in (early, late)]
    then = history(adverse_events=events, reported=False).known_on(date(2025, 3, 15))
    assert [one.event.start for one in then.course("P01").adverse_events] == [early]
    assert [one.event.start for one in then.later] == [late]


def test_a_trial_seen_through_some_of_its_participants_leaves_the_whole_as_it_is():
    day = Day.parse("2025-03-10")
    whole = history(
        adverse_events=[event(participant=code, term="Nausea", grade=1, start=day) for code in ("P1", "P2")]
    )
    assert whole.once("asked", (), lambda: "of both") == "of both"
    one = whole.of({"P2"})
    assert (one.participants, whole.participants) == (("P2",), ("P1", "P2"))
    assert one.once("asked", (), lambda: "of one") == "of one"
