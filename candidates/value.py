"""The frozen base of every plain value that crosses a boundary."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Immutable, strict about unknown fields, readable from and writable to JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
