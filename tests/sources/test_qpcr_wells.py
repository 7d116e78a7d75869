"""The wells of a qPCR run: our own table or what the instrument exports, read once for the check, the report and `kinetics`."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalon.conduct.judge.samples import samples_of
from escalon.kinetics.samples_table import TableError
from escalon.protocol import load_study
from escalon.sources.folder import take_in
from escalon.sources.qpcr_wells import read_wells

STUDY = load_study("nct07052565")
CURVE = [(10, 34.9), (100, 31.6), (1000, 28.1), (10000, 24.8), (100000, 21.4), (1000000, 18.0)]
STANDARDS = [(copies, ct + step) for copies, ct in CURVE for step in (-0.05, 0.05)]
QUANTSTUDIO = (
    "* Chemistry = TAQMAN\n* Experiment Name = Plate 7\n\n[Results]\n"
    "Well\tWell Position\tSample Name\tTarget Name\tTask\tCT\tQuantity\n"
    + "".join(f"{n}\tA{n}\tStd\tCAR\tSTANDARD\t{ct}\t{copies:,}.000\n" for n, (copies, ct) in enumerate(STANDARDS))
    + "90\tH1\t\tCAR\tNTC\tUndetermined\t\n91\tH2\ts7\tCAR\tUNKNOWN\t25.1\t8,123.4\n92\tH3\ts7\tCAR\tUNKNOWN\t25.2\t7,600.1\n"
    + "93\tH4\t\t\t\t\t\n"
)
CFX = (
    ",Well,Fluor,Target,Content,Sample,Cq,Starting Quantity (SQ)\n"
    + "".join(f",A{n:02},FAM,CAR,Std-{n},,{ct},{float(copies)}\n" for n, (copies, ct) in enumerate(STANDARDS))
    + ",H01,FAM,CAR,NTC,,NaN,NaN\n,H02,FAM,CAR,Unkn-1,s7,25.1,8123.4\n,H03,FAM,CAR,Unkn-1,s7,25.2,7600.1\n"
)
LIGHTCYCLER = (
    "Experiment: Plate 7  Selected Filter: FAM (465-510)\nInclude\tColor\tPos\tName\tCp\tConcentration\tStandard\tStatus\n"
    + "".join(f"True\t255\tA{n}\tStd\t{ct}\t\t{copies}\t\n" for n, (copies, ct) in enumerate(STANDARDS))
    + "True\t255\tH1\tNTC\t\t\t0\t\nTrue\t255\tH2\ts7\t25.1\t8123.4\t0\t\nTrue\t255\tH3\ts7\t25.2\t7600.1\t0\t\n"
)
OURS = (
    "run,role,sample,copies,ct\n"
    + "".join(f"Plate 7,standard,,{copies},{ct}\n" for copies, ct in STANDARDS)
    + "Plate 7,no_template,,,Undetermined\nPlate 7,sample,s7,,25.1\nPlate 7,sample,s7,,25.2\n"
)
EXPORTS = {
    "ours": (OURS, "csv"),
    "quantstudio": (QUANTSTUDIO, "txt"),
    "cfx": (CFX, "csv"),
    "lightcycler": (LIGHTCYCLER, "txt"),
}
SAMPLE = (
    "participant,analyte,date,value,unit,lloq,qpcr_sample,elution_ul,template_ul,blood_ul\n"
    "P01,car_transgene,2025-03-13,,copies/µL,5,s7,50,5,200\n"
)


def folder(path: Path, wells: str, end: str) -> Path:
    (path / "facts.csv").write_text("participant,fact,value,unit,date\nP01,disease,RA,,2025-01-01\n", encoding="utf-8")
    (path / "doses.csv").write_text("participant,level,date\nP01,1,2025-03-03\n", encoding="utf-8")
    (path / "samples.csv").write_text(SAMPLE, encoding="utf-8")
    (path / f"qpcr_wells.{end}").write_text(wells, encoding="utf-8")
    return path


@pytest.mark.parametrize(("wells", "end"), EXPORTS.values(), ids=EXPORTS)
def test_every_instruments_export_gives_the_same_level_at_intake(wells: str, end: str, tmp_path: Path) -> None:
    intake = take_in(STUDY, folder(tmp_path, wells, end))
    assert not intake.refused
    (sample,) = samples_of(intake.trial.course("P01"))
    assert sample.is_quantified
    assert sample.level is not None
    assert float(sample.level) == pytest.approx(387.424736808)  # 7,748 copies in 5 of 50 µL of eluate, 200 µL of blood
    (count,) = (one for one in intake.counts if one.table == "qpcr_wells")
    assert count.read == count.used == len(STANDARDS) + 3


@pytest.mark.parametrize(("wells", "end"), [*EXPORTS.values()][1:], ids=[*EXPORTS][1:])
def test_an_export_whose_decimal_sign_is_the_comma_says_the_same(wells: str, end: str, tmp_path: Path) -> None:
    """A Ct of 25,1 can be nothing else, so 1.000.000,0 copies are a million."""
    if end == "csv":
        turned = wells.replace(",", ";").replace(".", ",")
    else:
        head, last, rows = wells.partition("Quantity\n" if "Quantity\n" in wells else "Status\n")
        turned = head + last + rows.translate(str.maketrans(",.", ".,"))
    intake = take_in(STUDY, folder(tmp_path, turned, end))
    (sample,) = samples_of(intake.trial.course("P01"))
    assert sample.level is not None
    assert float(sample.level) == pytest.approx(387.424736808)


@pytest.mark.parametrize(
    ("wells", "end", "before", "after"),
    [
        (QUANTSTUDIO, "txt", "Target Name\tTask", "Target Name\tOmit\tTask"),
        (LIGHTCYCLER, "txt", "True\t255\tH3\ts7\t25.2", "False\t255\tH3\ts7\t39.9"),
    ],
)
def test_a_well_that_was_taken_out_of_the_run_is_out(
    wells: str, end: str, before: str, after: str, tmp_path: Path
) -> None:
    text = wells.replace(before, after)
    if "Omit" in after:
        text = (
            text.replace("\tCAR\t", "\tCAR\tfalse\t")
            .replace("H3\ts7\tCAR\tfalse", "H3\ts7\tCAR\tTRUE")
            .replace("25.2", "39.9")
        )
    (tmp_path / f"qpcr_wells.{end}").write_text(text, encoding="utf-8")
    assert [one["ct"] for _, one in read_wells(tmp_path / f"qpcr_wells.{end}") if one["sample"] == "s7"] == ["25.1"]


def test_a_first_column_without_a_name_may_be_empty_or_number_the_rows(tmp_path: Path) -> None:
    file = tmp_path / "qpcr_wells.csv"
    head, *rows = CFX.splitlines()
    read = []
    for text in (CFX, "\n".join([head, *(f"{number}{row}" for number, row in enumerate(rows))])):
        file.write_text(text, encoding="utf-8")
        read.append(read_wells(file))
    assert read[0] == read[1]


def test_what_a_plate_does_not_say_by_itself_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "qpcr_wells.csv"
    for text, said in (
        (CFX.replace(",CAR,", ",,") + ",H04,HEX,,Unkn-1,s7,20.0,\n", "wells of FAM, HEX"),
        (CFX.replace(",Cq,", ",Cy,"), "no column of CFX holds a Ct"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(TableError, match=said):
            read_wells(file)


@pytest.mark.parametrize(("name", "ct"), [("H2O", ""), ("Water", "-"), ("neg", "> 40"), ("NTC", "N/A")])
def test_a_well_without_template_is_known_by_its_name_where_nothing_else_says_it(
    name: str, ct: str, tmp_path: Path
) -> None:
    file = tmp_path / "qpcr_wells.txt"
    file.write_bytes(LIGHTCYCLER.replace("NTC\t", f"{name}\t{ct}").replace("Plate 7", "Prüfung 7").encode("cp1252"))
    (well,) = [one for _, one in read_wells(file) if one["role"] == "no_template"]
    assert (well["ct"], well["run"]) == ("Undetermined", "Prüfung 7")


def test_a_level_below_the_lowest_standard_keeps_its_doubt(tmp_path: Path) -> None:
    intake = take_in(STUDY, folder(tmp_path, OURS.replace("25.1", "35.3").replace("25.2", "35.4"), "csv"))
    (sample,) = samples_of(intake.trial.course("P01"))
    assert "below_lowest_standard" in sample.flags


def test_a_sample_without_wells_and_a_task_nobody_knows_are_refused_by_line(tmp_path: Path) -> None:
    intake = take_in(STUDY, folder(tmp_path, OURS.replace("s7", "s8"), "csv"))
    assert "samples.csv:2 qpcr_sample: qpcr_sample 's7' is not in the wells table" in str(intake.refused[0])
    (tmp_path / "qpcr_wells.csv").write_text(CFX.replace("Unkn-1", "Mystery", 1), encoding="utf-8")
    (problem,) = (one for one in take_in(STUDY, tmp_path).refused if one.file == "qpcr_wells.csv")
    assert str(problem).startswith("qpcr_wells.csv:15: role 'Mystery' is not known")
    (tmp_path / "qpcr_wells.csv").write_text(CFX.replace("FAM,CAR,Unkn", "FAM,RNaseP,Unkn", 1), encoding="utf-8")
    with pytest.raises(TableError, match="wells of CAR, RNaseP"):
        read_wells(tmp_path / "qpcr_wells.csv")


def test_a_run_that_is_not_accepted_gives_no_level_and_says_why(tmp_path: Path) -> None:
    intake = take_in(STUDY, folder(tmp_path, OURS.replace("34.", "31."), "csv"))
    (sample,) = samples_of(intake.trial.course("P01"))
    assert sample.level is None
    assert any("run Plate 7 is not accepted" in str(one) for one in intake.problems)
