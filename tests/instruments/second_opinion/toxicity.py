"""Cytokine release, neurotoxicity, ICAHT, hyperinflammation, infections: from the consensus papers."""

from tests.instruments.second_opinion.opinion import opinion


@opinion(
    "crs", "temp_c fever_other_cause crs_active antipyretic_or_anticytokine hypotension vasopressors vasopressin oxygen "
    "flow_l_min fatal", "37.9 38 38.5 0 1 2 6 6.1 8",
)  # fmt: skip
def crs(
    temp_c, fever_other_cause, crs_active, antipyretic_or_anticytokine, hypotension, vasopressors, vasopressin, oxygen,
    flow_l_min, fatal,
):  # fmt: skip
    """Lee 2019."""
    if fatal:
        return 5
    if not (temp_c >= 38 and not fever_other_cause) and not (crs_active and antipyretic_or_anticytokine):
        return 0
    pressed = vasopressors >= 1 or vasopressin
    pressure = 4 if vasopressors >= 2 else 3 if pressed else 2 if hypotension else 0
    air = {
        "none": 0, "blow_by": 2, "low_flow_nc": 2, "nasal_cannula": 2 if flow_l_min <= 6 else 3, "high_flow_nc": 3,
        "facemask": 3, "non_rebreather": 3, "venturi": 3, "cpap": 4, "bipap": 4, "ventilation": 4,
    }[oxygen]  # fmt: skip
    if oxygen == "low_flow_nc" and flow_l_min > 6:
        air = 3
    return max(1, pressure, air)


@opinion("ice", "year month city hospital objects command sentence counting")
def ice(**v):
    return sum(v.values())


@opinion(
    "icans", "ice consciousness seizure motor_weakness oedema raised_icp age fatal", "0 2 3 6 7 9 10 5 12", "seizure_minutes"
)  # fmt: skip
def icans(ice, consciousness, seizure, motor_weakness, oedema, raised_icp, age, fatal, seizure_minutes):
    """Lee 2019, adults."""
    if age < 12 or (seizure == "none" and seizure_minutes):
        return None  # CAPD instead of ICE; the length of no seizure
    if fatal:
        return 5
    awake = {"alert": 0, "wakes_spontaneously": 1, "wakes_to_voice": 2, "wakes_to_touch": 3, "unarousable": 4}[
        consciousness
    ]
    score = 0 if ice == 10 else 1 if ice >= 7 else 2 if ice >= 3 else 3
    fit = {"none": 0, "resolving": 3, "nonconvulsive_resolving": 3, "prolonged": 4, "repetitive": 4}[seizure]
    if seizure != "none" and seizure_minutes is not None and seizure_minutes > 5:
        fit = 4
    swelling = {"none": 0, "focal": 3, "diffuse": 4}[oedema]
    return max(awake, score, fit, swelling, 4 * motor_weakness, 4 * raised_icp)


@opinion("icaht_early", "days_500 days_100 never_above_500", "0 1 6 7 13 14 30")
def icaht_early(days_500, days_100, never_above_500):
    """Rejeski 2023."""
    if days_100 > days_500 or (never_above_500 and not days_500):
        return None
    if days_100 >= 14 or never_above_500:
        return 4
    if days_100 >= 7 or days_500 >= 14:
        return 3
    return 2 if days_500 >= 7 else 1 if days_500 >= 1 else 0


@opinion("icaht_late", "lowest_anc confirmed", "100 101 500 501 1000 1001 1500 1501")
def icaht_late(lowest_anc, confirmed):
    if lowest_anc > 1500 or not confirmed:
        return 0
    return 4 if lowest_anc <= 100 else 3 if lowest_anc <= 500 else 2 if lowest_anc <= 1000 else 1


@opinion("iec_hs_grade", "diagnosed symptomatic intervention severe life_threatening fatal")
def iec_hs_grade(diagnosed, symptomatic, intervention, severe, life_threatening, fatal):
    """Hines 2023; `symptomatic` means beyond mild."""
    if not diagnosed:
        return 0
    return 5 if fatal else 4 if life_threatening else 3 if severe else 2 if intervention or symptomatic else 1


@opinion(
    "crs_ctcae", "fever hypotension vasopressors hypoxia fio2_percent life_threatening fatal", "0 1 2 39 40 41"
)  # fmt: skip
def crs_ctcae(fever, hypotension, vasopressors, hypoxia, fio2_percent, life_threatening, fatal):
    """CTCAE v5.0: grade 2 responds to fluids or < 40 % oxygen, grade 3 to one pressor or ≥ 40 %."""
    if fatal:
        return 5
    if life_threatening or vasopressors >= 2:
        return 4
    if vasopressors == 1 or (hypoxia and fio2_percent >= 40):
        return 3
    return 2 if hypotension or hypoxia else 1 if fever else 0
