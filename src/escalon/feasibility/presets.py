"""The tables of the usual warehouses, so that a mapping names concepts only: OMOP CDM 5.4, i2b2, FHIR Bulk Data.

OMOP: https://ohdsi.github.io/CommonDataModel/cdm54.html. i2b2: observation_fact and its dimensions (CRC design document).
FHIR: Patient, Condition, Observation, MedicationRequest, Procedure and Immunization as NDJSON, one resource a line.
"""

from escalon.feasibility.mapping import EventTable, Observed, PeopleTable, WarehouseMapping

# Standard concepts of the vocabulary «Meas Value Operator» and of gender.
_OMOP_OPERATORS = {"4171756": "<", "4171754": "<=", "4171755": ">=", "4172704": ">", "4172703": "="}
_SEXES = {"8507": "male", "8532": "female"}
_I2B2_OPERATORS = {"E": "=", "L": "<", "LE": "<=", "G": ">", "GE": ">="}


def completed(mapping: WarehouseMapping) -> WarehouseMapping:
    """The mapping with the tables its kind of source brings, unless it describes them itself."""
    kind = mapping.source.kind
    prefix = f"{mapping.source.schema_name}." if mapping.source.schema_name else ""
    people, observed, tables = _KINDS[kind](prefix)
    if mapping.people and people:
        people = people.model_copy(
            update={key: getattr(mapping.people, key) for key in mapping.people.model_fields_set}
        )
    return mapping.model_copy(
        update={
            "people": people or mapping.people,
            "observed": mapping.observed or observed,
            "tables": {**tables, **mapping.tables},
        }
    )


_Brought = tuple[PeopleTable | None, Observed | None, dict[str, EventTable]]


def _flat(_: str) -> _Brought:
    return None, None, {}


def _omop(prefix: str) -> _Brought:
    def table(name: str, code: str, day: str, **more: object) -> EventTable:
        return EventTable.model_validate(
            {"from": f"{prefix}{name}", "person": "person_id", "code": code, "day": day, **more}
        )

    birth = (
        "CASE WHEN month_of_birth IS NULL THEN LPAD(CAST(year_of_birth AS VARCHAR(4)), 4, '0') "
        "WHEN day_of_birth IS NULL THEN LPAD(CAST(year_of_birth AS VARCHAR(4)), 4, '0') || '-' || "
        "LPAD(CAST(month_of_birth AS VARCHAR(2)), 2, '0') ELSE LPAD(CAST(year_of_birth AS VARCHAR(4)), 4, '0') || '-' || "
        "LPAD(CAST(month_of_birth AS VARCHAR(2)), 2, '0') || '-' || LPAD(CAST(day_of_birth AS VARCHAR(2)), 2, '0') END"
    )
    people = PeopleTable.model_validate(
        {"from": f"{prefix}person", "person": "person_id", "birth": birth, "sex": "gender_concept_id", "sexes": _SEXES,
         "death": f"(SELECT MIN(d.death_date) FROM {prefix}death AS d WHERE d.person_id = p.person_id)"}
    )  # fmt: skip
    observed = Observed.model_validate(
        {"from": f"{prefix}observation_period", "person": "person_id",
         "start": "observation_period_start_date", "end": "observation_period_end_date"}
    )  # fmt: skip
    measured = {
        "value": "value_as_number", "operator": "operator_concept_id", "operators": _OMOP_OPERATORS,
        "text": "value_as_concept_id", "unit": "unit_concept_id", "lower": "range_low", "upper": "range_high",
    }  # fmt: skip
    # What a day's dose was: the strength times how many, over the days they were for (drug_strength, by ingredient).
    doses = {
        "from": f"(SELECT e.*, s.ingredient_concept_id, s.amount_unit_concept_id, "
                f"s.amount_value * e.quantity / NULLIF(e.days_supply, 0) AS daily FROM {prefix}drug_exposure AS e "
                f"JOIN {prefix}drug_strength AS s ON s.drug_concept_id = e.drug_concept_id)",
        "value": "daily", "until": "drug_exposure_end_date",
        "unit": "CASE amount_unit_concept_id WHEN 8576 THEN 'mg/d' WHEN 9655 THEN 'ug/d' WHEN 8504 THEN 'g/d' END",
    }  # fmt: skip
    return people, observed, {
        "drug_dose": table("drug_exposure", "ingredient_concept_id", "drug_exposure_start_date", **doses),
        "measurement": table("measurement", "measurement_concept_id", "measurement_date", **measured),
        "observation": table("observation", "observation_concept_id", "observation_date",
                             value="value_as_number", text="value_as_concept_id", unit="unit_concept_id"),
        "condition_occurrence": table("condition_occurrence", "condition_concept_id", "condition_start_date",
                                      until="condition_end_date"),
        "drug_era": table("drug_era", "drug_concept_id", "drug_era_start_date", until="drug_era_end_date"),
        "drug_exposure": table("drug_exposure", "drug_concept_id", "drug_exposure_start_date",
                               until="drug_exposure_end_date"),
        "procedure_occurrence": table("procedure_occurrence", "procedure_concept_id", "procedure_date"),
    }  # fmt: skip


def _i2b2(prefix: str) -> _Brought:
    people = PeopleTable.model_validate(
        {"from": f"{prefix}patient_dimension", "person": "patient_num", "birth": "birth_date", "sex": "sex_cd",
         "sexes": {"M": "male", "F": "female"}, "death": "death_date"}
    )  # fmt: skip
    fact = EventTable.model_validate(
        {"from": f"{prefix}observation_fact", "person": "patient_num", "code": "concept_cd", "day": "start_date",
         "until": "end_date", "value": "nval_num", "operator": "CASE WHEN valtype_cd = 'N' THEN tval_char END",
         "operators": _I2B2_OPERATORS, "text": "CASE WHEN valtype_cd = 'T' THEN tval_char END", "unit": "units_cd"}
    )  # fmt: skip
    visits = Observed.model_validate(
        {"from": f"(SELECT patient_num, MIN(start_date) AS first_day, MAX(start_date) AS last_day "
                 f"FROM {prefix}observation_fact GROUP BY patient_num)",
         "person": "patient_num", "start": "first_day", "end": "last_day"}
    )  # fmt: skip
    return people, visits, {"observation_fact": fact}


def _fhir(_: str) -> _Brought:
    def text(path: str) -> str:
        return f"json_extract_string(json, '{path}')"

    own = {"row": f"coalesce({text('$.id')}, CAST(hash(json) AS VARCHAR))"}

    def codes(path: str) -> str:
        return f"json_extract_string(json, '$.{path}[*].code')"

    # A drug is coded in the request, in what the request holds, or in a resource of its own.
    drug = (
        f"CASE WHEN len({codes('medicationCodeableConcept.coding')}) > 0 THEN {codes('medicationCodeableConcept.coding')} "
        f"WHEN len({codes('contained[*].code.coding')}) > 0 THEN {codes('contained[*].code.coding')} ELSE m.codes END"
    )
    drugs = f"(SELECT {text('$.id')} AS id, {codes('code.coding')} AS codes FROM Medication) AS m"
    referred = f"LEFT JOIN {drugs} ON m.id = regexp_extract({text('$.medicationReference.reference')}, '[^/:#]+$')"

    def coded(resource: str, concept: str, **columns: str) -> str:
        listed = "".join(f", {path} AS {name}" for name, path in (columns | own).items())
        who = f"coalesce({text('$.subject.reference')}, {text('$.patient.reference')})"
        person = f"regexp_extract({who}, '[^/:]+$')"
        void = "'entered-in-error', 'refuted'"
        return (
            f"(SELECT {person} AS person, unnest({concept}) AS code{listed} FROM {resource} "
            f"WHERE coalesce({text('$.status')}, '') NOT IN ('entered-in-error', 'cancelled', 'draft') "
            f"AND coalesce({text('$.verificationStatus.coding[0].code')}, '') NOT IN ({void}))"
        )

    def table(source: str, **more: str) -> EventTable:
        return EventTable.model_validate(
            {"from": source, "person": "person", "code": "code", "day": "day", "row": "row", **more}
        )

    # Who is said to be dead, without a day, is so on whatever day is asked about.
    dead = f"CASE {text('$.deceasedBoolean')} WHEN 'true' THEN coalesce({text('$.birthDate')}, '1900') END"
    died = f"coalesce({text('$.deceasedDateTime')}, {dead})"
    people = PeopleTable.model_validate(
        {"from": f"(SELECT {text('$.id')} AS person, {text('$.birthDate')} AS birth, {text('$.gender')} AS sex, {died} AS death "
                 "FROM Patient)", "person": "person", "birth": "birth", "sex": "sex", "death": "death"}
    )  # fmt: skip
    quantity = {
        "value": f"try_cast({text('$.valueQuantity.value')} AS DOUBLE)",
        "unit": f"coalesce({text('$.valueQuantity.code')}, {text('$.valueQuantity.unit')})",
        "op": text("$.valueQuantity.comparator"),
        "said": f"coalesce({text('$.valueCodeableConcept.coding[0].code')}, {text('$.valueString')})",
        "upper": f"try_cast({text('$.referenceRange[0].high.value')} AS DOUBLE)",
        "lower": f"try_cast({text('$.referenceRange[0].low.value')} AS DOUBLE)",
    }
    observed = f"coalesce({text('$.effectiveDateTime')}, {text('$.effectivePeriod.start')})"
    onset = f"coalesce({text('$.onsetDateTime')}, {text('$.onsetPeriod.start')}, {text('$.recordedDate')})"
    return people, None, {
        "Observation": table(coded("Observation", codes("code.coding"), day=observed, **quantity), value="value", operator="op",
                             text="said", unit="unit", upper="upper", lower="lower"),
        "Condition": table(coded("Condition", codes("code.coding"), day=onset, until=text("$.abatementDateTime")), until="until"),
        "MedicationRequest": table(coded(f"MedicationRequest {referred}", drug, day=text("$.authoredOn"))),
        "Procedure": table(coded("Procedure", codes("code.coding"), day=f"coalesce({text('$.performedDateTime')}, "
                                 f"{text('$.performedPeriod.start')})")),
        "Immunization": table(coded("Immunization", codes("vaccineCode.coding"), day=text("$.occurrenceDateTime"))),
    }  # fmt: skip


_KINDS = {"flat": _flat, "omop": _omop, "i2b2": _i2b2, "fhir": _fhir}
