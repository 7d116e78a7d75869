from datetime import UTC, datetime

import pytest

from escalon.facts import Fact, Status, UnitError
from escalon.instruments.product.release import COMMON_LIMITS, Approval, ReleaseLimit, judge_release

VIABILITY = ReleaseLimit("viability", ">=", 70, "%")


def good():
    return {
        "viability": Fact("viability", 88, unit="%"),
        "vcn_per_transduced_cell": Fact("vcn_per_transduced_cell", 2.1),
        "sterility": Fact("sterility", "negative"),
        "mycoplasma": Fact("mycoplasma", "negative"),
        "endotoxin": Fact("endotoxin", "<0.5", unit="[EU]/kg/h"),
        "replication_competent_lentivirus": Fact("rcl", "not detected"),
    }


def test_all_within_is_within_specification():
    found = judge_release(COMMON_LIMITS, good())
    assert (found.value, found.category) == (True, "within specification")


@pytest.mark.parametrize("gone", [limit.attribute for limit in COMMON_LIMITS])
def test_an_attribute_without_a_result_is_not_passed(gone):
    results = good()
    del results[gone]
    found = judge_release(COMMON_LIMITS, results)
    assert found.value is None
    assert found.status is Status.MISSING
    assert found.missing == (gone,)


def test_out_of_specification_is_recorded_with_its_approval_and_never_blocked():
    results = good() | {"viability": Fact("viability", 65, unit="%")}
    alone = judge_release(COMMON_LIMITS, results)
    assert alone.flags == ("oos", "oos_not_approved")
    approval = Approval("Dr Li", "no other product for this participant", datetime(2025, 3, 10, tzinfo=UTC))
    approved = judge_release(COMMON_LIMITS, results, approval)
    assert approved.flags == ("oos",)
    assert approved.components["approved_by"] == "Dr Li"


def test_an_approval_needs_an_author_and_a_reason():
    with pytest.raises(ValueError, match="author and a reason"):
        Approval("Dr Li", " ", datetime(2025, 3, 10, tzinfo=UTC))


def test_a_result_in_a_wrong_unit_is_refused():
    with pytest.raises(UnitError, match=r"viability.*Give it in %"):
        judge_release([VIABILITY], {"viability": Fact("viability", 88, unit="mg/L")})


def test_a_bare_number_is_refused_where_the_limit_has_a_unit():
    with pytest.raises(UnitError, match="viability 88 has no unit"):
        judge_release([VIABILITY], {"viability": Fact("viability", 88)})
