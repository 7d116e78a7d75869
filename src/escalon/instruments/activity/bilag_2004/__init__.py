"""BILAG-2004: disease activity of lupus in nine organ systems, each graded A to E by the intention to treat.

`form` holds the 97 items, `systems` the grading of the seven systems rated 0–4, `renal` and `haematological` the two that
rest on measurements, `index` the instrument, `change` what differs between two visits.
"""
