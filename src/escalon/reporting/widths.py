"""How wide each column of a table wants to be: narrow columns keep to their words, wordy ones share what is left."""

from escalon.reporting.document import Table

_ROWS = 400
"""So many rows are looked at: the first ones of a long listing tell its widths."""
_WORDY = 16
"""From so many characters on a column of words may be broken over lines."""


def shares(table: Table) -> list[int]:
    """For each column its share of the width; 0 for one that is as wide as its widest cell."""
    return [column.width or _wanted(table, place) for place, column in enumerate(table.columns)]


def over_the_page(table: Table) -> list[int]:
    """The same for paper, where every table is as wide as the page: the last column of words takes what none asks for."""
    found = shares(table)
    words = [place for place, column in enumerate(table.columns) if not column.right]
    if words and not any(found):
        found[words[-1]] = 1
    return found


def _wanted(table: Table, place: int) -> int:
    texts = [row.cells[place].text for row in table.rows[:_ROWS]]
    longest = max(map(len, texts), default=0)
    if longest <= _WORDY or (table.columns[place].right and longest <= 2 * _WORDY):
        return 0
    mean = sum(map(len, texts)) // max(len(texts), 1)
    return max(12, min(mean + longest // 3, 60))
