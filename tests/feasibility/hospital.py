"""A hospital of nine people in flat tables, each there for one reason, with the verdict each must get on three clauses."""

from pathlib import Path

from escalon.protocol import load_study
from escalon.protocol.study import Study

DAY = "2026-11-01"
PATIENTS = """patient_id,born_on,sex
1,1980-05-02,F
2,1975-01-30,M
3,2009-11-02,F
4,1990,F
5,1966-07-01,M
6,1950-03-03,F
7,1999-09-09,M
8,2008,F
9,1971-12-12,F
"""
# Haemoglobin: 1 fine in g/dL; 2 too low in g/L; 3 two values of one day that disagree; 4 below a limit that decides;
# 5 below one that does not; 6 in a unit nobody can convert; 7 older than the screening period; 8 not a possible value;
# 9 asked and not known, then answered the same day.
LABS = """patient_id,test,taken_on,result,unit
1,HB,2026-10-20,12.1,g/dL
2,HB,2026-10-20,55,g/L
3,HB,2026-10-20,70,g/L
3,HB,2026-10-20,50,g/L
4,HB,2026-10-21,<50,g/L
5,HB,2026-10-21,<80,g/L
6,HB,2026-10-22,7,mmol
7,HB,2026-01-02,12,g/dL
8,HB,2026-10-20,702,g/dL
9,HB,2026-10-20,,g/L
9,HB,2026-10-20,90,g/L
"""
DIAGNOSES = """patient_id,icd,since
1,C50,2019-04
2,I63,2020-01-01
"""
OBSERVED = """patient_id,first_day,last_day
1,2015-01-01,2026-11-01
2,2015-01-01,2026-11-01
3,2015-01-01,2026-11-01
4,2015-01-01,2026-11-01
5,2015-01-01,2026-11-01
6,2015-01-01,2026-11-01
7,2015-01-01,2026-11-01
8,2015-01-01,2020-11-01
"""
MAPPING = """[source]
kind = "flat"
synthetic = true

[people]
from = "patients"
person = "patient_id"
birth = "born_on"
sex = "sex"
sexes = { F = "female", M = "male" }

[observed]
from = "observed"
person = "patient_id"
start = "first_day"
end = "last_day"

[table.labs]
from = "labs"
person = "patient_id"
code = "test"
day = "taken_on"
value = "result"
unit = "unit"

[table.diagnoses]
from = "diagnoses"
person = "patient_id"
code = "icd"
day = "since"

[concept.haemoglobin]
table = "labs"
codes = ["HB"]

[concept.malignancy]
table = "diagnoses"
codes = ["C50"]
silence = "no"

[concept.history_of_stroke]
table = "diagnoses"
codes = ["I63"]
"""
FILES = {"patients": PATIENTS, "labs": LABS, "diagnoses": DIAGNOSES, "observed": OBSERVED}
MET, NOT_MET, UNKNOWN = 0, 1, 2
WANTED = {
    # person: adult, haemoglobin, malignancy, stroke
    1: (MET, MET, NOT_MET, UNKNOWN),
    2: (MET, NOT_MET, MET, NOT_MET),
    3: (NOT_MET, UNKNOWN, MET, UNKNOWN),
    4: (MET, NOT_MET, MET, UNKNOWN),
    5: (MET, UNKNOWN, MET, UNKNOWN),
    6: (MET, UNKNOWN, MET, UNKNOWN),
    7: (MET, UNKNOWN, MET, UNKNOWN),
    8: (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    9: (MET, MET, UNKNOWN, UNKNOWN),
}
CLAUSES = ("I-1a", "I-2d", "E-5", "E-1b")
ON_SPARK = (*CLAUSES, "I-3a", "I-6e", "I-7b", "I-7e", "E-4b")
"""The clauses the people were made for, and one more of each sort of reading: a ratio, a steady dose, days, words, drugs."""


def some_clauses() -> Study:
    """The study with few clauses: an engine that plans for minutes over all of them plans these in seconds."""
    study = load_study("nct07052565")
    kept = {
        kind: tuple(one for one in getattr(study, kind) if one.id in ON_SPARK) for kind in ("inclusion", "exclusion")
    }
    return study.model_copy(update=kept)


def write(folder: Path, mapping: str = MAPPING) -> Path:
    """The hospital as a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "warehouse.toml").write_text(mapping, encoding="utf-8")
    return folder
