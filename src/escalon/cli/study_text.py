"""The protocol on the terminal, section by section."""

from collections.abc import Callable, Iterable, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from escalon.cli.output import fail, grid
from escalon.facts import plain
from escalon.instruments.product.dose import in_powers
from escalon.protocol import prose
from escalon.protocol.dlt_window import dlt_window_sentence
from escalon.protocol.study import Criterion, Study

Section = Callable[[Study], RenderableType]


def print_study(study: Study, section: str | None = None) -> None:
    """Print a study, or one of its sections."""
    console = Console(highlight=False)
    chosen = SECTIONS if section is None else {name: one for name, one in SECTIONS.items() if name == section.lower()}
    if not chosen:
        fail(f"there is no section {section!r}. Sections: {', '.join(SECTIONS)}")
    for name, render in chosen.items():
        if name != "summary":
            console.rule(
                Text(name.capitalize() if name != "dlt" else "Dose-limiting toxicity", style="bold"), align="left"
            )
        console.print(Padding(render(study), (0, 0, 1, 0)))


def _summary(study: Study) -> RenderableType:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    for name, value in summary_rows(study):
        facts.add_row(name, value)
    title = Text(study.title, style="bold")
    return Panel(
        Group(title, Text(study.purpose, style="italic"), Text(), facts),
        title=study.registry or study.id,
        border_style="cyan",
    )


def summary_rows(study: Study) -> tuple[tuple[str, str], ...]:
    """The study at a glance."""
    places = "; ".join(f"{one.name}, {one.city}, {one.country}" for one in study.location)
    asked = f"{len(study.assumptions)}, listed at the end; {len(study.assumptions) - len(study.signed)} to be signed"
    rows = (
        ("sponsor", study.sponsor),
        ("design", study.design),
        ("participants", f"up to {study.most}"),
        ("diseases", "; ".join(f"{one.name} ({one.id})" for one in study.diseases)),
        ("intervention", "; ".join(arm.intervention for arm in study.arms)),
        (
            "levels",
            "; ".join(f"{one.number} {one.name} {in_powers(one.amount.value)}" for one in study.dose.levels)
            + f" {study.dose.shown_unit}",
        ),
        ("clauses", f"{len(study.inclusion)} inclusion, {len(study.exclusion)} exclusion"),
        ("baseline", study.said(str(study.baseline))),
        ("time zone", study.zone or ""),
        ("where", places),
        ("assumptions", asked),
        ("version", f"{study.version} (content of the study folder)"),
    )
    return tuple(row for row in rows if row[1])


def _dose(study: Study) -> RenderableType:
    counts = f"given dose that counts (± {plain(study.dose.tolerance * 100)} %)"
    table = laid_out(("level", "name", study.dose.shown_unit, counts))
    for one in study.dose.levels:
        table.add_row(str(one.number), one.name, in_powers(one.amount.value), prose.level_window(study.dose, one))
    return Group(
        table,
        _bullets(prose.escalation_sentences(study)),
        Text(),
        _lymphodepletion(study),
        _asks(study, "dose", "product", "lymphodepletion"),
    )


def _lymphodepletion(study: Study) -> RenderableType:
    plan = study.lymphodepletion
    if plan is None:
        return Text("No lymphodepletion.")
    head = f"Lymphodepletion with {' and '.join(plan.drugs)}"
    if plan.chosen:
        return Text(f"{head}, regimen {plan.chosen}.")
    offered = _bullets(f"{name}: {line}" for name, line in prose.offered_regimens(study))
    return Group(Text(f"{head}. No regimen is chosen; nothing is calculated until one is signed. Offered:"), offered)


def _dlt(study: Study) -> RenderableType:
    if study.dlt is None:
        return Text("Not defined.", style="bold red")
    confirmed = Text(
        "Confirmed by the sponsor." if study.dlt.confirmed else "A proposal, not confirmed by the sponsor.",
        style="" if study.dlt.confirmed else "yellow",
    )
    parts: list[RenderableType] = [
        confirmed,
        Text(f"Window: {dlt_window_sentence(study)}. Evaluable: {study.dlt.evaluable}."),
        _bullets(f"{one.id}  {prose.dlt_sentence(one)}" for one in study.dlt.events),
        *_listed("Not counted:", study.dlt.excluded),
        _asks(study, "dlt"),
    ]
    return Group(*parts)


def _eligibility(study: Study) -> RenderableType:
    parts: list[RenderableType] = []
    for kind, some in (
        ("Inclusion: must hold", study.inclusion),
        ("Exclusion: must be known to be absent", study.exclusion),
    ):
        for whom in dict.fromkeys(prose.applies_to(one, study) for one in some):
            heads = ("", "the record says", "what is asked", "assumed")
            table = laid_out(heads, f"{kind}, {whom}", shares=(0, 5, 6, 0), whole=("",))
            for one in (one for one in some if prose.applies_to(one, study) == whom):
                table.add_row(
                    one.id, Text(str(one.says), style="italic"), _asked(one, study), "\n".join(study.assumed(one.id))
                )
            parts.append(table)
    during = [f"{one.id}  {prose.watched_sentence(one, study)}" for one in study.watched]
    return Group(*parts, *_listed("Must not happen during the study:", during))


def _asked(one: Criterion, study: Study) -> Text:
    text = Text(prose.criterion_sentence(one, study))
    return text.append(f"\n{' '.join(one.rule.split())}", style="dim")


def _schedule(study: Study) -> RenderableType:
    heads = ("visit", "day (window)", "name", "measured")
    table = laid_out(heads, shares=(0, 0, 0, 2), whole=heads[:2])
    for one in study.visits:
        table.add_row(
            one.id, prose.visit_window(one), one.name, ", ".join(prose.short_name(name, study) for name in one.measures)
        )
    days = [f"{one.name}: {prose.anchor_sentence(one)}" for one in study.anchors.values()]
    periods = [f"{one.name} ({one.group}): {prose.period_days(one)}" for one in study.periods]
    lists = (*_listed("\nDays that clauses refer to:", days), *_listed("\nPeriods:", periods))
    return Group(table, _asks(study, "schedule", "baseline"), *lists)


def _endpoints(study: Study) -> RenderableType:
    table = laid_out(("", "outcome", "what is computed", "assumed"), shares=(0, 0, 3, 0), whole=("",))
    for one in study.endpoints:
        assumed = "\n".join(study.assumed(one.id))
        table.add_row(one.id, f"{one.title} ({one.role})", prose.endpoint_sentence(one, study), assumed)
    return table


def _assumptions(study: Study) -> RenderableType:
    if not study.assumptions:
        return Text("None.")
    table = laid_out(("", "question", "read as", "instead", "signs"), shares=(0, 4, 4, 3, 2))
    for one in study.assumptions:
        instead = "\n".join(f"· {other.says}" for other in one.alternatives)
        answer = study.signed.get(one.id)
        signs = f"signed by {answer.by}, {answer.on}" if answer else one.signer
        table.add_row(
            Text(one.id, style="cyan"), one.question, study.in_force(one.id), instead, signs, end_section=True
        )
    return table


def _asks(study: Study, *about: str) -> Text:
    ids = [one.id for one in study.assumptions_about(*about)]
    return Text(f"Assumed: {', '.join(ids)}" if ids else "", style="cyan")


def _listed(head: str, sentences: Sequence[str]) -> tuple[RenderableType, ...]:
    """A heading and what stands beneath it; nothing where nothing does."""
    return (Text(head), _bullets(sentences)) if sentences else ()


def _bullets(sentences: Iterable[str]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2, justify="right")
    grid.add_column()
    for sentence in sentences:
        grid.add_row("·", Text(sentence))
    return grid


def laid_out(
    heads: Sequence[str], title: str | None = None, *, shares: Sequence[int] = (), whole: Sequence[str] = ()
) -> Table:
    """A table as wide as the screen; `shares` of the width by column (0: as needed), `whole` columns never break."""
    table = grid(heads, title, whole=whole, box=box.SIMPLE_HEAD, title_style="bold", expand=True)
    for column, share in zip(table.columns, shares, strict=False):
        column.ratio = share or None
        column.style = "cyan" if column.header == "assumed" else ""
    return table


SECTIONS: dict[str, Section] = {
    "summary": _summary,
    "dose": _dose,
    "dlt": _dlt,
    "eligibility": _eligibility,
    "schedule": _schedule,
    "endpoints": _endpoints,
    "assumptions": _assumptions,
}
