"""Cells of the demonstration's report, drawn by seed 13 one a table, and each worked out by hand from the rows of the CSV.

Nothing here comes from the package, and nothing from the other second path but the scores: each line is what somebody with the
rows, a pencil and the opened cell would do. Days count from the infusion.
"""

import csv
import statistics
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from scipy.stats import beta

from tests.second import scores

LEVEL_3 = {"P16", "P17", "P18", "P21", "P22", "P23"}


class Rows:
    """The rows of a folder, and the day of each person's infusion."""

    def __init__(self, folder, cutoff):
        self.cutoff = date.fromisoformat(cutoff)
        for name in ("facts", "doses", "samples", "adverse_events"):
            with (Path(folder) / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                setattr(self, name, list(csv.DictReader(file)))
        self.level = {row["participant"]: row["level"] for row in self.doses}
        self.infused = {row["participant"]: date.fromisoformat(row["date"]) for row in self.doses}
        self.disease = {row["participant"]: row["value"] for row in self.facts if row["fact"] == "disease"}
        self.started = self.first("lymphodepletion_start")

    def first(self, fact):
        """The first day somebody has a fact."""
        found = {}
        for row in self.facts:
            if row["fact"] == fact:
                day = date.fromisoformat(row["value"])
                found[row["participant"]] = min(found.get(row["participant"], day), day)
        return found

    def day(self, row, column="date"):
        return (date.fromisoformat(row[column]) - self.infused[row["participant"]]).days

    def visit(self, label, disease=None):
        """What each infused person's rows of a visit say, by fact."""
        found = defaultdict(dict)
        for row in self.facts:
            who = row["participant"]
            if row["visit"] == label and who in self.infused and disease in (None, self.disease[who]):
                found[who][row["fact"]] = scores.number(row["value"])
        return found

    def moved(self, label, disease, score):
        """The change of a score from the visit before treatment, of everybody who has it at both."""
        before, now = self.visit("BL", disease), self.visit(label, disease)
        both = {who: (score(before[who]), score(one)) for who, one in now.items()}
        return sorted(is_ - was for was, is_ in both.values() if None not in (was, is_))

    def after(self):
        """The events that began on or after the day of infusion."""
        events = [row for row in self.adverse_events if row["participant"] in self.infused]
        return [row for row in events if self.day(row, "start") >= 0]

    def crs(self):
        return [row for row in self.after() if row["term"] == "CRS"]


def minus(text):
    return text.replace("-", "−")


def fixed(value, places):
    """Rounded half to even on the exact number: −28.785 is −28.78."""
    return f"{Decimal(round(Fraction(value) * 10**places)).scaleb(-places):.{places}f}"


def shorn(text):
    """As it was recorded: without zeros that nobody wrote."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def middle(values, places):
    half, low, high = (shorn(fixed(one, places)) for one in (statistics.median(values), values[0], values[-1]))
    return minus(f"{half} ({low} to {high})")


def mean_sd(values, places=2):
    return minus(f"{fixed(sum(values) / len(values), places)} ({fixed(statistics.stdev(map(float, values)), places)})")


def not_due(rows, fact, last):
    """Whose window is open at the cut-off, and who has not been there yet."""
    open_ = {who for who, day in rows.infused.items() if (rows.cutoff - day).days <= last}
    return open_ - {row["participant"] for row in rows.facts if row["fact"] == fact and row["visit"] == "D270"}


def everybody(rows, who):
    """15 (100 %, 78–100 %), the lower limit by Clopper and Pearson."""
    n = len(rows.infused)
    assert who == set(rows.infused)
    return f"{n} (100 %, {100 * beta.ppf(0.025, n, 1):.0f}–100 %)"


def worst(events):
    grades = defaultdict(int)
    for row in events:
        grades[row["participant"]] = max(grades[row["participant"]], int(row["grade"]))
    return grades


CELLS = {
    "T2-1/lymphodepleted/level_3": lambda r: str(len({who for who in r.started if r.level.get(who) == "3"})),
    "T2-2/E-8b/out": lambda r: str(
        sum(row["fact"] == "severe_allergy_to_cyclophosphamide" and row["value"] == "yes" for row in r.facts)
    ),
    "T2-3/n/level_3": lambda r: str(sum(level == "3" for level in r.level.values())),
    "T3-1/P08/percent": lambda r: f"{float(next(d['cells_per_kg'] for d in r.doses if d['participant'] == 'P08')) / 3000:.0f}",
    "T4-1/3/dlt": lambda r: str(sum(e["dlt"] == "yes" and e["participant"] in LEVEL_3 for e in r.adverse_events)),
    "T4-2/P21/crs": lambda r: str(worst(r.crs())["P21"]),
    "T5-2/immune_system_disorders.cytokine_release_syndrome/g2": lambda r: str(list(worst(r.crs()).values()).count(2)),
    "T5-3/crs/events": lambda r: str(len(r.crs())),
    "T5-4/grade_3_or_more/lymphodepletion_to_infusion_people": lambda r: "{} (100 %)".format(
        len({e["participant"] for e in r.adverse_events if e["participant"] in r.infused and r.day(e, "start") < 0
             and date.fromisoformat(e["start"]) >= r.started[e["participant"]] and int(e["grade"]) >= 3})
    ),
    "T5-8/late/episodes": lambda r: str(sum("infection" in e["term"] and r.day(e, "start") > 100 for e in r.after())),
    "T6-1/D270/n": lambda r: str(
        len({s["participant"] for s in r.samples if s["analyte"] == "car_transgene" and 256 <= r.day(s) <= 284})
    ),
    "T6-3/D180/value": lambda r: ", ".join(str(v) for v in sorted(map(scores.mrss, r.visit("D180", "SSC").values()))),
    "T6-4/D365/change_range": lambda r: middle(r.moved("D365", "SLE", scores.sledai), 0),
    "T6-6/D90/value": lambda r: ", ".join(
        shorn(f"{float(v['physician_global']) * 10:.1f}")
        for v in sorted(r.visit("D90", "RA").values(), key=lambda v: v["physician_global"])
    ),
    "T6-7/D270/not_due": lambda r: str(len(not_due(r, "esr", 284))),
    "T6-10/D365/change_mean": lambda r: mean_sd(r.moved("D365", "RA", lambda v: v.get("pain")), 1),
    "T6-11/D180/change_range": lambda r: middle(r.moved("D180", "RA", scores.haq), 3),
    "T6-12/ss.D4/change_range": lambda r: middle(r.moved("D4", "SS", lambda v: v.get("crp")), 2),
    "T6-13/D90/change_mean": lambda r: mean_sd(r.moved("D90", "SLE", lambda v: v.get("physician_global_lupus"))),
    "T6-AE/infusion_to_cut_off/participants": lambda r: everybody(r, {e["participant"] for e in r.after()}),
    "T6-P/dlt_evaluable/n": lambda r: str(sum((r.cutoff - day).days > 28 for day in r.infused.values())),
    "T7-1/D4.level_3/quantified": lambda r: str(
        sum(s["analyte"] == "car_transgene" and s["participant"] in LEVEL_3 and 3 <= r.day(s) <= 5 and s["value"][0].isdigit()
            for s in r.samples)
    ),
    "T8-2/das28_esr/recorded": lambda r: str(
        sum(scores.das28(v) is not None for label in ("BL", "D28", "D90", "D180", "D365") for v in r.visit(label, "RA").values())
    ),
}  # fmt: skip
