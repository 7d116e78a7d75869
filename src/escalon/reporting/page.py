"""A self-contained HTML page: no scripts, no fonts or pictures from elsewhere, fit for printing."""

from collections.abc import Iterable
from html import escape

_STYLE = """
:root{color-scheme:light}
body{font:15px/1.45 Helvetica,Arial,sans-serif;color:#222;margin:2rem auto;max-width:1180px;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .4rem}
p.sub,footer{color:#595959;font-size:.85rem}
table{border-collapse:collapse;margin:.6rem 0;font-size:.85rem}
caption{text-align:left;font-weight:bold;padding:.3rem 0}
th,td{border-bottom:1px solid #ddd;padding:.25rem .6rem;text-align:left;vertical-align:top}
th{border-bottom:2px solid #888}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
ul.notes{font-size:.82rem;color:#444;margin:.2rem 0 1rem;padding-left:1.2rem}
.warn{border-left:5px solid #b00020;background:#fdf1f1;padding:.4rem .8rem;margin:.5rem 0}
figure{margin:1rem 0;overflow-x:auto}figcaption{font-weight:bold;font-size:.85rem;margin-bottom:.3rem}
figure svg{width:100%;max-width:960px;height:auto}
footer{border-top:1px solid #ccc;margin-top:2rem;padding-top:.5rem}
@media print{body{margin:0;max-width:none;font-size:11px}h2,table,figure{break-inside:avoid}}
"""


def page(title: str, subtitle: str, parts: Iterable[str], footer: str) -> str:
    """A whole page from HTML parts; title, subtitle and footer are text."""
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<style>{_STYLE}</style></head>\n'
        f"<body><h1>{escape(title)}</h1><p class=sub>{escape(subtitle)}</p>\n{body}\n"
        f"<footer>{escape(footer)}</footer></body></html>\n"
    )


def figure(drawing: str, caption: str = "") -> str:
    """An SVG drawing as a figure of a page, under its caption."""
    return f"<figure>{f'<figcaption>{escape(caption)}</figcaption>' if caption else ''}{drawing}</figure>"
