"""Facts: what is known of a student beside what its own file says, for its model card."""

from candidates.licence import Licence
from candidates.value import Value


class Row(Value):
    """A line of a table: a name and what it is, in words."""

    name: str
    says: str


class Section(Value):
    """A table of a card."""

    title: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, title: str, rows: dict[str, str]) -> "Section":
        """From names and what they are."""
        return cls(title=title, rows=tuple(Row(name=key, says=rows[key]) for key in rows))


class Facts(Value):
    """`licence` is that of the teacher, whose weights these are, if it was told."""

    title: str = "Student"
    licence: Licence | None = None
    sections: tuple[Section, ...] = ()
