"""Drawing: what a colour and a mark mean, scales and axes, and SVG whose words neither collide nor are cut off.

Figures of the report and of the pages are made of these pieces and of nothing else. The same data give the same bytes; there
is no script and no inline style, so that the strictest content policy shows them. Why: docs/decisions/0016.
"""

from escalon.drawing.axes import below, beside, month_ticks
from escalon.drawing.labels import Label, spread, wrapped
from escalon.drawing.letters import shortened, width_of
from escalon.drawing.panels import DrawnCourse, Panel, ValueMark, behind, columns, panel
from escalon.drawing.picture import WIDTH, Drawn, alone, grade_key, key, like, nothing, picture, swatch, tick
from escalon.drawing.scales import Linear, Log, Scale, SymLog, WidenedStart, day_ticks, round_ticks, scale_over
from escalon.drawing.shapes import Box, Piece, box, graded, group, line, mark, path, polyline, text
