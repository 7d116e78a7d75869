"""Office files without a clock: a workbook and a text document are archives, whose times are all set to one moment."""

import re
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MOMENT = (1980, 1, 1, 0, 0, 0)
"""The first moment an archive can name."""
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</)")


def settled(data: bytes) -> bytes:
    """The same archive with every time in it set to one moment, its parts in one order."""
    stream = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = _TIMES.sub(rb"\g<1>1980-01-01T00:00:00Z\g<2>", old.read(name))
            entry = ZipInfo(name, MOMENT)
            entry.compress_type = ZIP_DEFLATED
            new.writestr(entry, part)
    return stream.getvalue()
