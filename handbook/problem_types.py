"""The page of all types of problems, from the table that the service answers by."""

from candidates.errors import StudentSearchError
from handbook.tables import table
from service.errors import KINDS, PLAIN_KINDS, PREFIX, Kind

INTRODUCTION = f"""# Types of problems

Every error is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457),
`application/problem+json`): `type`, `title`, `status`, `detail` (a sentence: what was wrong,
where, what to do), `instance` and `request_id`, which the service's log has, too. Decide by
`type`; it stays the same, while sentences may change. `GET {PREFIX}…` explains a type on the
running service. A failed job's `error` is the same document.

This page is made from the service's own table.
"""


def page() -> str:
    """As Markdown."""
    rows = sorted((_row(kind, error) for error, kind in KINDS.items()), key=lambda row: row[0])
    plain = [_row(kind, None) for kind in PLAIN_KINDS]
    heads = ("type", "status", "title", "when", "further members")
    return "\n".join([
        INTRODUCTION, *table(heads, rows), "## Of HTTP and of workers", "",
        *table((*heads[:3], heads[4]), [(*row[:3], row[4]) for row in plain]),
    ])  # fmt: skip


def _row(kind: Kind, error: type[StudentSearchError] | None) -> tuple[str, ...]:
    members = ", ".join(f"`{name}`" for name in kind.members)
    said = (error.__doc__ or "").split("\n\n")[0] if error else ""
    return f"`{PREFIX}{kind.slug}`", str(kind.status), kind.title, said, members
