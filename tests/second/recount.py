"""A report's numbers counted again from the CSV files alone: `python tests/second/recount.py FOLDER 2026-06-29`.

Written from the declarations as people read them: the days of the visits, who belongs, the baseline before lymphodepletion. It
uses the standard library and scipy's beta distribution, and nothing of the package.
"""

import csv
import json
import statistics
import sys
from collections import defaultdict
from datetime import date
from fractions import Fraction
from functools import partial
from math import floor, sqrt
from pathlib import Path

from scipy.stats import beta

sys.path.insert(0, str(Path(__file__).parent))
import scores

VISITS = {
    "BL": (-6, -10, -5), "D1": (1, 1, 1), "D4": (4, 3, 5), "D7": (7, 6, 8), "D10": (10, 9, 11), "D14": (14, 12, 16),
    "D21": (21, 19, 23), "D28": (28, 25, 31), "D60": (60, 53, 67), "D90": (90, 83, 97), "D180": (180, 166, 194),
    "D270": (270, 256, 284), "D365": (365, 351, 379),
}  # fmt: skip
SCORED = "BL D28 D90 D180 D365".split()
ENDPOINTS = {
    "T6-2": ("RA", scores.das28, SCORED), "T6-3": ("SSC", scores.mrss, SCORED), "T6-4": ("SLE", scores.sledai, SCORED),
    "T6-5": ("SLE", scores.bilag, SCORED), "T6-6": ("RA", lambda v: v.get("physician_global"), SCORED),
    "T6-7": ("", lambda v: v.get("esr"), "BL D7 D14 D28 D60 D90 D180 D270 D365".split()),
    "T6-10": ("RA", lambda v: v.get("pain"), SCORED), "T6-11": ("RA", scores.haq, SCORED),
    "T6-12": ("", lambda v: v.get("crp"), "BL D4 D7 D14 D28 D60 D90 D180 D270 D365".split()),
    "T6-13": ("SLE", lambda v: v.get("physician_global_lupus"), SCORED),
}  # fmt: skip
RESPONSES = {
    "T6-2a": ("RA", scores.eular), "T6-4a": ("SLE", scores.sri4), "T6-8": ("RA", scores.acr70),
    "T6-8a": ("RA", scores.acr70_in_all), "T6-9": ("SS", scores.star), "T6-11a": ("RA", scores.haq_improved),
}  # fmt: skip
POINTS = {"T6-9a": ("SS", scores.star_points)}
BY_DISEASE = ("T6-7", "T6-12")
TO_UNIT = {("physician_global", "cm"): 10, ("patient_global", "cm"): 10, ("pain", "cm"): 10, ("pain", "NRS"): 10,
           ("crp", "mg/dL"): 10, ("haemoglobin", "g/dL"): 10}  # fmt: skip
CODES = ("ND", "BLQ")


class Person:
    """One infused person: disease, level, days of infusion and lymphodepletion, end of taking part, visits by day."""

    def __init__(self, doses, facts, samples, events):
        self.code, self.level = doses[0]["participant"], doses[0]["level"]
        self.infused = max(_bags_of_one_dose([date.fromisoformat(row["date"]) for row in doses]))
        named = defaultdict(list)
        for row in facts:
            named[row["fact"]].append(row)
        self.disease = named["disease"][-1]["value"] if "disease" in named else ""
        start = named.get("lymphodepletion_start") or named.get("car_t_infusion") or ()
        self.treated = min((date.fromisoformat(row["value"]) for row in start), default=self.infused)
        ends = [date.fromisoformat(row["date"]) for row in named["study_discontinuation"] if row["value"] != "no"]
        fatal = [row["end"] for row in events if row["grade"] == "5" or row.get("outcome") == "fatal"]
        deaths = [
            date.fromisoformat(day) for day in (*fatal, *(r["date"] for r in named["death"] if r["value"] != "no"))
        ]
        self.died, self.ended = min(deaths, default=None), min(ends + deaths, default=None)
        self.visits = self._visits(facts)
        cells = [row for row in samples if row["analyte"] == "car_transgene"]
        self.samples = {
            self.day_of(row["date"]) if row["date"] else floor(float(row["day"])): row["value"] for row in cells
        }
        self.events = events

    def day_of(self, text):
        return (date.fromisoformat(text) - self.infused).days

    def _visits(self, facts):
        """What each day's visit recorded; a name with two values on one day stands under `?`."""
        found = defaultdict(lambda: defaultdict(set))
        for row in facts:
            if len(row["date"]) == 10 and row["value"] != "":
                found[row["date"], row["visit"]][row["fact"]].add(_value(row))
        visits = defaultdict(list)
        for (day, _), items in found.items():
            known = {name: min(one) for name, one in items.items() if len(one) == 1}
            visits[self.day_of(day)].append(known | {"?": {name for name, one in items.items() if len(one) > 1}})
        return visits

    def series(self, score):
        """The score of every day that has one; a day with two different ones has none."""
        found = {}
        for day, visits in self.visits.items():
            values = {value for visit in visits if (value := score(visit)) is not None}
            if len(values) == 1:
                found[day] = values.pop()
        return found

    def baseline(self, found):
        """The value of the last day before treatment."""
        before = [day for day in found if day < (self.treated - self.infused).days]
        return found[max(before)] if before else None

    def before_treatment(self):
        """Each item's last value before treatment, as a visit of its own."""
        merged = {}
        for day in sorted(day for day in self.visits if day < (self.treated - self.infused).days):
            for visit in self.visits[day]:
                merged |= visit
        return merged


def _bags_of_one_dose(days):
    """The days of the first dose: a bag of the day after the last belongs to it."""
    found = [min(days)]
    for day in sorted(days):
        if 0 <= (day - found[-1]).days <= 1:
            found.append(day)
    return found


def _value(row):
    try:
        return Fraction(row["value"]) * TO_UNIT.get((row["fact"], row["unit"]), 1)
    except ValueError:
        return row["value"]


def near(found, visit):
    """The value nearest to the planned day, of two equally near the later; None outside the window."""
    planned, first, last = VISITS[visit]
    inside = [day for day in found if first <= day <= last]
    return min(inside, key=lambda day: (abs(day - planned), -day)) if inside else None


def state(person, visit, has_value, cutoff):
    """Which of the four ways somebody stands at a visit."""
    if has_value:
        return "n"
    last = VISITS[visit][2]
    if person.ended and (person.ended - person.infused).days <= last:
        return "not_applicable"
    return "not_due" if (cutoff - person.infused).days <= last else "missing"


def read(folder, cutoff):
    """The infused people of a folder, with what had happened by the cut-off."""
    tables = {}
    for name, day in {"doses": "date", "facts": "date", "samples": "date", "adverse_events": "start"}.items():
        path = Path(folder) / f"{name}.csv"
        rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
        tables[name] = [row for row in rows if row[day] <= cutoff]
    people = []
    for code in dict.fromkeys(row["participant"] for row in tables["doses"]):
        own = {name: [row for row in rows if row["participant"] == code] for name, rows in tables.items()}
        people.append(Person(own["doses"], own["facts"], own["samples"], own["adverse_events"]))
    return people


def summary(what, values):
    """Mean, SD, median and range; for changes the limits of the mean from five values on."""
    out = {f"{what}.n": len(values)}
    if values:
        out |= {f"{what}.mean": statistics.fmean(values), f"{what}.median": statistics.median(values)}
        out |= {f"{what}.low": min(values), f"{what}.high": max(values)}
        out[f"{what}.sd"] = statistics.stdev(values) if len(values) > 1 else None
    if what == "change" and len(values) >= 5:
        degrees = len(values) - 1
        x = beta.ppf(0.05, degrees / 2, 0.5)  # Student's t at 97.5 % by the beta distribution
        half = sqrt(degrees * (1 - x) / x) * statistics.stdev(values) / sqrt(len(values))
        out |= {f"{what}.ci_low": out[f"{what}.mean"] - half, f"{what}.ci_high": out[f"{what}.mean"] + half}
    return out


def share(name, yes, of):
    """How many of how many, with Clopper and Pearson's limits."""
    out = {name: yes, f"{name}.of": of}
    if of:
        out[f"{name}.ci_low"] = beta.ppf(0.025, yes, of - yes + 1) if yes else 0.0
        out[f"{name}.ci_high"] = beta.ppf(0.975, yes + 1, of - yes) if yes < of else 1.0
    return out


def counted(states):
    return {name: states.count(name) for name in ("n", "missing", "not_due", "not_applicable")}


def changes(people, cutoff):
    """Every endpoint that is a change from baseline."""
    out = {}
    for table, (disease, score, visits) in ENDPOINTS.items():
        chosen = [one for one in people if disease in ("", one.disease)]
        found = {one.code: one.series(score) for one in chosen}
        groups = {"": chosen}
        if table in BY_DISEASE:
            groups |= {
                f"{d.lower()}.": [p for p in chosen if p.disease == d] for d in {p.disease for p in chosen} - {""}
            }
        for group, some in groups.items():
            for visit in visits if some else ():
                days = {one.code: near(found[one.code], visit) for one in some}
                states = [state(one, visit, days[one.code] is not None, cutoff) for one in some]
                values = {c: found[c][day] for c, day in days.items() if day is not None}
                base = {one.code: one.baseline(found[one.code]) for one in some}
                moved = [values[c] - base[c] for c in values if base[c] is not None and VISITS[visit][2] >= 0]
                numbers = counted(states) | summary("value", [*values.values()]) | summary("change", moved)
                out |= {f"{table}/{group}{visit}/{name}": value for name, value in numbers.items()}
    return out


def responses(people, cutoff, more):
    """Every endpoint that is a response; whoever died by the end of the window is no responder."""
    out = {}
    for table, (disease, score) in (RESPONSES | more).items():
        chosen = [one for one in people if one.disease == disease]
        found = {one.code: one.series(partial(score, one.before_treatment())) for one in chosen}
        for visit in SCORED[1:] if chosen else ():
            said = {one.code: answer(one, found[one.code], visit) for one in chosen}
            states = [state(one, visit, said[one.code] is not None, cutoff) for one in chosen]
            answers = [one for one in said.values() if one is not None]
            out |= {f"{table}/{visit}/{name}": value for name, value in counted(states).items()}
            some = share("responders", sum(answers), len(answers))
            some |= share("responders_or_no", sum(answers), len(answers) + states.count("missing"))
            out |= {f"{table}/{visit}/{name}": value for name, value in some.items()}
    return out


def points(people, cutoff):
    """The points behind a response."""
    out = {}
    for table, (disease, score) in POINTS.items():
        chosen = [one for one in people if one.disease == disease]
        found = {one.code: one.series(partial(score, one.before_treatment())) for one in chosen}
        for visit in SCORED[1:] if chosen else ():
            days = {one.code: near(found[one.code], visit) for one in chosen}
            states = [state(one, visit, days[one.code] is not None, cutoff) for one in chosen]
            numbers = counted(states) | summary("value", [found[c][day] for c, day in days.items() if day is not None])
            out |= {f"{table}/{visit}/{name}": value for name, value in numbers.items()}
    return out


def answer(person, found, visit):
    """Whether somebody responded at a visit; who died by its end, and after what was measured there, did not."""
    day = near(found, visit)
    died = None if person.died is None else (person.died - person.infused).days
    if died is not None and died <= VISITS[visit][2] and (day is None or died <= day):
        return False
    return None if day is None else found[day]


def copies(people, cutoff):
    """CAR copies by visit: codes stay codes, below every number."""
    out = {}
    for visit in VISITS:
        days = [(one, near(one.samples, visit)) for one in people]
        states = [state(one, visit, day is not None, cutoff) for one, day in days]
        values = [one.samples[day] for one, day in days if day is not None]
        ranked = sorted(values, key=lambda v: (0, CODES.index(v)) if v in CODES else (1, Fraction(v)))
        found = counted(states) | {"quantified": sum(v not in CODES for v in values)}
        if ranked:
            low, high = ranked[(len(ranked) - 1) // 2], ranked[len(ranked) // 2]
            numeric = low not in CODES and high not in CODES
            middle = (Fraction(low) + Fraction(high)) / 2 if numeric else low
            found |= {"value.median": middle, "value.low": ranked[0], "value.high": ranked[-1]}
        out |= {f"T6-1/{visit}/{name}": v if v in CODES else Fraction(v) for name, v in found.items()}
    return out


def adverse_events(people, cutoff):
    """Events after infusion, by reporting period: those that began then; no grade of the demonstration moves."""
    periods = {"infusion_to_cut_off": (-9999, 9999), "infusion_to_day_28": (0, 28), "day_29_to_1_year": (29, 365)}
    out = {}
    for period, (first, last) in periods.items():
        having, events, grades = 0, 0, []
        for one in people:
            own = [e for e in one.events if e["start"] >= str(one.infused)]
            own = [e for e in own if first <= one.day_of(e["start"]) <= last]
            events, having = events + len(own), having + bool(own)
            graded = [int(e["grade"]) for e in own if e["grade"]]
            grades += [max(graded)] if graded else []
        found = counted(["n"] * len(people)) | {"events": events} | share("participants", having, len(people))
        found |= {f"grade_{grade}": grades.count(grade) for grade in range(1, 6)}
        out |= {f"T6-AE/{period}/{name}": value for name, value in found.items()}
    return out


def dose_limiting(people, cutoff):
    """Per level: infused, with a DLT, and evaluable (a DLT, or a reviewed window that has closed)."""
    out = defaultdict(lambda: {"infused": 0, "dlt": 0, "evaluable": 0})
    for one in people:
        had = any(event["dlt"] == "yes" for event in one.events)
        closed = (cutoff - one.infused).days > 28 and not (one.ended and (one.ended - one.infused).days <= 28)
        level = out[one.level]
        level["infused"] += 1
        level["dlt"] += had
        level["evaluable"] += had or closed
    return dict(out)


def recount(folder, cutoff, more=()):
    """Every statistic of the endpoints of a folder at a cut-off, by its name in results.json; `more` are further responses."""
    people, day = read(folder, cutoff), date.fromisoformat(cutoff)
    parts = (f(people, day) for f in (copies, changes, partial(responses, more=dict(more)), points, adverse_events))
    return {name: value for part in parts for name, value in part.items()}, dose_limiting(people, day)


if __name__ == "__main__":
    found, levels = recount(sys.argv[1], sys.argv[2])
    print(json.dumps({name: value if isinstance(value, str) else None if value is None else float(value)
                      for name, value in found.items()} | {"levels": levels}, indent=1))  # fmt: skip
