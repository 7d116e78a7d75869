"""Published instruments: disease activity, classification, safety grades; one file each, found by walking the package.

>>> assess("cdai", tender=4, swollen=5, patient_global="5 cm", physician_global="6 cm").value
20
"""

from collections.abc import Mapping
from typing import Any

from escalon.facts import Finding


def assess(instrument: str, /, **items: Any) -> Finding:
    """The finding of an instrument for items as recorded: numbers, `"7 mg/L"`, `(7, "mg/L")`, facts, or None.

    Raises UnknownInstrument and UnknownItem, which name what is accepted; a value that is out of range or in a wrong unit
    gives a finding of status `invalid`.
    """
    from escalon.instruments.kit.assessment import assess_with
    from escalon.instruments.kit.catalogue import find

    return assess_with(find(instrument), items)


def catalogue() -> Mapping[str, Any]:
    """All instruments by name."""
    from escalon.instruments.kit.catalogue import catalogue as found

    return found()
