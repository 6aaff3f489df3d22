"""Paper print: the tables of the paper, our cells beside the paper's numbers."""

import statistics

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.paper_sheets import DURATIONS, SHEETS, Cells, Column, Sheet, figures


def print_tables(cells: Cells) -> None:
    """What is there; a dash where a cell is missing."""
    console = Console()
    for sheet in SHEETS:
        console.print(_of_sheet(sheet, cells))
    console.print(_of_durations(cells))


def _of_sheet(sheet: Sheet, cells: Cells) -> Table:
    title = f"{sheet.title}; points below the teacher, ours (paper's)"
    table = _table(title, sheet.knob, *(column.name for column in sheet.columns))
    for setting in sheet.settings:
        row = [_entry(column, setting, cells) for column in sheet.columns]
        table.add_row(f"{setting:g}", *row)
    return table


def _entry(column: Column, setting: float, cells: Cells) -> str:
    found = column.ours(cells, setting)
    spread = f" ± {statistics.stdev(found):.2f}" if len(found) > 1 else ""
    ours = f"{statistics.fmean(found):.2f}{spread}" if found else "–"
    return f"{ours} ({column.paper[setting]:.1f})" if setting in column.paper else ours


def _of_durations(cells: Cells) -> Table:
    title = "Table 6: processor seconds, and shares of KD"
    table = _table(title, "method", "ours", "share", "paper's share")
    seconds = {line.name: figures(cells, line.cells, line.figure) for line in DURATIONS}
    kd = seconds["KD"]
    for line in DURATIONS:
        ours = seconds[line.name]
        share = f"{statistics.fmean(ours) / statistics.fmean(kd):.3f}" if ours and kd else "–"
        spent = f"{statistics.fmean(ours):.0f}" if ours else "–"
        table.add_row(line.name, spent, share, f"{line.paper:.3f}")
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table
