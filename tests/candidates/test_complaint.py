import pytest
from pydantic import BaseModel, ValidationError, field_validator

from candidates.complaint import Complaint


class Part(BaseModel):
    size: int = 1
    name: str = "a"

    @field_validator("name")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value) > 1:
            raise ValueError("it has one letter")
        return value


class Whole(BaseModel):
    parts: list[Part]


def complaint_about(text: str) -> Complaint:
    with pytest.raises(ValidationError) as caught:
        Whole.model_validate_json(text)
    return Complaint.of(caught.value)


def test_it_tells_the_place_by_its_path() -> None:
    where, why = complaint_about('{"parts": [{}, {"size": "secret"}]}')
    assert where == "parts.1.size"
    assert "valid integer" in why
    assert "secret" not in why


def test_our_own_sentences_are_told_as_they_are() -> None:
    assert complaint_about('{"parts": [{"name": "ab"}]}') == ("parts.0.name", "it has one letter")


def test_what_is_wrong_as_a_whole_has_no_place() -> None:
    where, why = complaint_about("[")
    assert (where, why.startswith("Invalid JSON")) == ("", True)
