"""Calls on teachers."""

from pathlib import Path
from typing import Any

from candidates.recipe import TeacherRecipe
from service.bodies.splits import Neighbourhoods
from service.bodies.teachers import TeacherBody
from service.client.calls import delete, get, listed, path
from service.client.downloading import Downloading, OnBytes
from service.client.effects import Operation, Request, Telling
from service.client.operation import listing, operation
from service.client.sending import Parcel, posted
from service.client.uploading import LARGE_BYTES
from service.records import State


class TeacherCalls:
    """Trained networks to be imitated."""

    @operation
    def post_teacher(
        self,
        name: str,
        recipe: TeacherRecipe,
        weights: Path,
        on_bytes: OnBytes | None = None,
        large_bytes: int = LARGE_BYTES,
    ) -> Operation[TeacherBody]:
        """A state dict (safetensors, .pth, .pt) with the recipe that rebuilds its network, or a
        file that brings its own (.pt2, safetensors) with a recipe without architecture. A file of
        more than `large_bytes` goes in pieces.
        """
        form = {"name": name, "recipe": recipe.model_dump_json()}

        def whole(content: bytes) -> dict[str, Any]:
            return {"data": form, "files": {"weights": (weights.name, content)}}

        def by_upload(upload: str) -> dict[str, Any]:
            return {"data": form, "files": {"upload": (None, upload)}}

        parcel = Parcel(weights, whole, by_upload)
        return (yield from posted(TeacherBody, path("teachers"), parcel, large_bytes, on_bytes))

    @operation
    def teacher(self, teacher: str) -> Operation[TeacherBody]:
        """A teacher by its id."""
        return (yield from get(TeacherBody, path("teachers", teacher)))

    @listing
    def teachers(self, state: State | None = None, name: str | None = None) -> Telling[TeacherBody]:
        """All of them, newest first; those in a state, or of a name."""
        return listed(TeacherBody, path("teachers"), state=state, name=name)

    @operation
    def teacher_neighbourhoods(self, teacher: str) -> Operation[Neighbourhoods]:
        """How a teacher is split at block granularity, and what is left out and why."""
        return (yield from get(Neighbourhoods, path("teachers", teacher, "neighbourhoods")))

    @operation
    def download_teacher(
        self, teacher: str, target: Path, on_bytes: OnBytes | None = None
    ) -> Operation[Path]:
        """The teacher's own file, which holds its network whatever it was posted as; at `target`
        only when it is whole, and checked by its SHA-256.
        """
        request = Request("GET", path("teachers", teacher, "network"))
        return (yield from Downloading(request, target, on_bytes).run())

    @operation
    def delete_teacher(self, teacher: str) -> Operation[None]:
        """Refused while a library refers to it."""
        yield from delete(path("teachers", teacher))
