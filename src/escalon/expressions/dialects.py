"""What differs between SQL engines, in one place: types, literals, quoting, loading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Dialect:
    """One engine's spelling. `{x}` in a template stands for the column, `{n}` for a number's digits."""

    double: str
    text: str
    number: str
    number_column: str
    truth_column: str
    quote: str = '"'
    escapes_backslash: bool = False
    fence: str = ""
    matched: str = "regexp_extract({x}, '{pattern}', 1)"
    """What the first bracket of a pattern takes of a text; empty or null where it does not match."""
    bits: str = "(({x} >> {n}) & {mask})"
    shifted: str = "({x} << {n})"
    kept: str = " MATERIALIZED"
    """What makes a step of a `WITH` be computed once."""
    day_before: str = "({x} - 1)"
    later: str = "CAST({x} + INTERVAL '{n} {unit}' AS DATE)"
    """A day so many days or months on; a month without that day ends on its last."""

    def day(self, day: date) -> str:
        """A calendar day."""
        return f"DATE '{day.isoformat()}'"

    def name(self, name: str) -> str:
        """A column's name, quoted."""
        return f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"

    def label(self, label: str) -> str:
        """A text literal."""
        escaped = (
            label.replace("\\", "\\\\").replace("'", "\\'") if self.escapes_backslash else label.replace("'", "''")
        )
        return f"'{escaped}'"

    def literal(self, value: float) -> str:
        """A number as a double: engines would read 0.56 as a decimal, and decide 0.1 + 0.2 = 0.3 otherwise than we do."""
        text = self.number.format(n=repr(abs(value)))
        return f"(-{text})" if value < 0 else text


# NaN is greater than every number to these engines, so "DAS28 > 3.2" would be true of a missing DAS28: it becomes NULL.
# A truth may be stored as a boolean or as 1 and 0; anything else is unknown.
DIALECTS: Mapping[str, Dialect] = {
    "duckdb": Dialect(
        double="DOUBLE",
        text="VARCHAR",
        number="CAST('{n}' AS DOUBLE)",
        number_column="NULLIF(CAST({x} AS DOUBLE), CAST('NaN' AS DOUBLE))",
        truth_column="CASE CAST({x} AS DOUBLE) WHEN 1 THEN TRUE WHEN 0 THEN FALSE END",
    ),
    "postgres": Dialect(
        double="double precision",
        text="text",
        number="'{n}'::float8",
        number_column="NULLIF(CAST({x} AS double precision), 'NaN'::float8)",
        truth_column="CASE CAST({x} AS text) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE "
        "WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END",
        # Without a fence the planner would merge the layers again, and shared steps would multiply.
        fence=" OFFSET 0",
        matched="substring({x} from '{pattern}')",
    ),
    "spark": Dialect(
        double="DOUBLE",
        text="STRING",
        number="{n}D",
        number_column="NULLIF(CAST({x} AS DOUBLE), DOUBLE('NaN'))",
        truth_column="CASE CAST({x} AS DOUBLE) WHEN 1 THEN TRUE WHEN 0 THEN FALSE END",
        quote="`",
        escapes_backslash=True,
        kept="",
        bits="(shiftright({x}, {n}) & {mask})",
        shifted="shiftleft({x}, {n})",
        day_before="date_sub({x}, 1)",
    ),
}


def dialect(name: str) -> Dialect:
    """The dialect of that name; raises ValueError with the names there are."""
    if name not in DIALECTS:
        raise ValueError(f"{name!r} is not a dialect. Known: {', '.join(DIALECTS)}")
    return DIALECTS[name]
