"""The tables of the usual warehouses, so that a mapping names concepts only: OMOP CDM 5.4, i2b2, FHIR Bulk Data.

OMOP: https://ohdsi.github.io/CommonDataModel/cdm54.html. i2b2: observation_fact and its dimensions (CRC design document).
FHIR: Patient, Condition, Observation, Medication…, Procedure and Immunization as NDJSON, one resource a line
(https://hl7.org/fhir/R4/resourcelist.html).
"""

from escalon.feasibility.mapping import EventTable, Observed, PeopleTable, WarehouseMapping

# Standard concepts of the vocabulary «Meas Value Operator» and of gender.
_OMOP_OPERATORS = {"4171756": "<", "4171754": "<=", "4171755": ">=", "4172704": ">", "4172703": "="}
_SEXES = {"8507": "male", "8532": "female"}
# FHIR's words for what did not happen, has not yet, or was written in error (EventStatus, ConditionVerificationStatus and the
# request's intent); and for a diagnosis that somebody suspects.
_VOID = (
    "entered-in-error", "cancelled", "draft", "registered", "preparation", "not-done", "not-taken", "intended", "refuted",
    "proposal", "plan", "option",
)  # fmt: skip
_DOUBTFUL = ("provisional", "differential", "unconfirmed")
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

    def padded(column: str, digits: int) -> str:
        return f"LPAD(CAST(CAST({column} AS INTEGER) AS VARCHAR({digits})), {digits}, '0')"

    year, month, day = padded("year_of_birth", 4), padded("month_of_birth", 2), padded("day_of_birth", 2)
    birth = (
        f"CASE WHEN month_of_birth IS NULL THEN {year} WHEN day_of_birth IS NULL THEN {year} || '-' || {month} "
        f"ELSE {year} || '-' || {month} || '-' || {day} END"
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
    def text(path: str, of: str = "json") -> str:
        return f"json_extract_string({of}, '$.{path}')"

    def first(*paths: str, of: str = "json") -> str:
        return f"coalesce({', '.join(text(path, of) for path in paths)})"

    def is_one_of(words: tuple[str, ...], *paths: str) -> str:
        said = ", ".join(f"coalesce({text(path)}, [])" if "*" in path else f"[{text(path)}]" for path in paths)
        return f"list_has_any(list_concat({said}), [{', '.join(map(repr, words))}])"

    def named(reference: str) -> str:
        """What a reference names: `Patient/1`, `urn:uuid:1`, `https://…/Patient/1/_history/2`."""
        return f"regexp_extract({reference}, '([^/:#]+)(/_history/.*)?$', 1)"

    verified = ("verificationStatus", "verificationStatus.coding[*].code")

    def table(resource: str, concept: str, day: str, **columns: str) -> EventTable:
        """A row for each code; what is to be read of it, by the name of the column."""
        read = {
            "person": named(first("subject.reference", "patient.reference")),
            "code": f"unnest({concept})",
            "day": day,
            "doubt": is_one_of(_DOUBTFUL, *verified),
            "row": f"coalesce({text('id')}, CAST(hash(json) AS VARCHAR))",
            **columns,
        }
        void = f"{is_one_of(_VOID, 'status', 'intent', *verified)} OR coalesce({text('doNotPerform')}, '') = 'true'"
        listed = ", ".join(f"{path} AS {name}" for name, path in read.items())
        source = f"(SELECT {listed} FROM {resource} WHERE NOT ({void}))"
        return EventTable.model_validate({"from": source} | {name: name for name in read})

    # Who is said to be dead, without a day, is so on whatever day is asked about.
    dead = f"CASE {text('deceasedBoolean')} WHEN 'true' THEN coalesce({text('birthDate')}, '1900') END"
    columns = {"person": text("id"), "birth": text("birthDate"), "sex": text("gender"),
               "death": f"coalesce({text('deceasedDateTime')}, {dead})"}  # fmt: skip
    listed = ", ".join(f"{path} AS {name}" for name, path in columns.items())
    people = PeopleTable.model_validate({"from": f"(SELECT {listed} FROM Patient)"} | {name: name for name in columns})
    # A blood pressure is two components of one observation.
    parts = "(SELECT json, unnest(list_concat([json], json_extract(json, '$.component[*]'))) AS part FROM Observation)"
    codes = "json_extract_string(part, '$.code.coding[*].code')"
    measured = {
        "value": f"try_cast({first('valueQuantity.value', 'valueInteger', of='part')} AS DOUBLE)",
        "unit": first("valueQuantity.code", "valueQuantity.unit", of="part"),
        "operator": text("valueQuantity.comparator", "part"),
        "text": first("valueCodeableConcept.coding[0].code", "valueCodeableConcept.text", "valueString", "valueBoolean",
                      of="part"),
        "upper": f"try_cast({text('referenceRange[0].high.value', 'part')} AS DOUBLE)",
        "lower": f"try_cast({text('referenceRange[0].low.value', 'part')} AS DOUBLE)",
    }  # fmt: skip
    # A drug is coded in the request, in what the request holds, or in a resource of its own.
    own, held = text("medicationCodeableConcept.coding[*].code"), text("contained[*].code.coding[*].code")
    drug = f"CASE WHEN len({own}) > 0 THEN {own} WHEN len({held}) > 0 THEN {held} ELSE m.codes END"
    drugs = f"(SELECT {text('id')} AS id, {text('code.coding[*].code')} AS codes FROM Medication) AS m"
    referred = f"LEFT JOIN {drugs} ON m.id = {named(text('medicationReference.reference'))}"
    taken, until = ("effectiveDateTime", "effectivePeriod.start"), text("effectivePeriod.end")
    given = f"coalesce({until}, {text('effectiveDateTime')})"
    own_codes = text("code.coding[*].code")
    return people, None, {
        "Observation": table(parts, codes, first("effectiveDateTime", "effectivePeriod.start", "effectiveInstant"), **measured),
        "Condition": table("Condition", own_codes, first("onsetDateTime", "onsetPeriod.start", "recordedDate"),
                           until=first("abatementDateTime", "abatementPeriod.end")),
        "MedicationRequest": table(f"MedicationRequest {referred}", drug, text("authoredOn")),
        "MedicationStatement": table(f"MedicationStatement {referred}", drug, first(*taken), until=until),
        "MedicationAdministration": table(f"MedicationAdministration {referred}", drug, first(*taken), until=given),
        "Procedure": table("Procedure", own_codes, first("performedDateTime", "performedPeriod.start", "occurrenceDateTime")),
        "Immunization": table("Immunization", text("vaccineCode.coding[*].code"), text("occurrenceDateTime")),
    }  # fmt: skip


_KINDS = {"flat": _flat, "omop": _omop, "i2b2": _i2b2, "fhir": _fhir}
