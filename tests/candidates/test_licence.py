import pytest
from pydantic import TypeAdapter, ValidationError

from candidates.licence import Licence, hub_fields

LICENCE: TypeAdapter[str] = TypeAdapter(Licence)


@pytest.mark.parametrize(
    ("licence", "fields"),
    [
        (None, {"license": "unknown"}),
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("mit", {"license": "mit"}),
        ("GPL-3.0-only", {"license": "gpl-3.0"}),
        ("GPL-3.0-or-later", {"license": "other", "license_name": "gpl-3.0-or-later"}),
        ("MIT OR Apache-2.0", {"license": "other", "license_name": "mit-or-apache-2.0"}),
        ("Research only, ask Ada", {"license": "other", "license_name": "research-only-ask-ada"}),
        ("教育用途", {"license": "other", "license_name": "other"}),
    ],
)
def test_the_hub_is_told_an_id_it_knows_or_a_name(
    licence: str | None, fields: dict[str, str]
) -> None:
    assert hub_fields(licence) == fields


def test_blanks_around_it_are_no_part_of_it() -> None:
    assert LICENCE.validate_python("  MIT ") == "MIT"


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\0", "\x85", "a\u202eb", "x" * 201])
def test_it_is_one_line_that_shows_what_it_says(text: str) -> None:
    with pytest.raises(ValidationError):
        LICENCE.validate_python(text)
