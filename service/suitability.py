"""Suitability: whether a recipe, a teacher and images go together, told before any work."""

from collections.abc import Iterator
from difflib import get_close_matches

from candidates.errors import InvalidRecipe
from candidates.graph.neighbourhood import Split
from candidates.recipe import LibraryRecipe

NUM_NEAREST = 5
MADE_UP = {
    "matched": "candidates learned from {count} images that were made to match the statistics in "
    "the teacher's BatchNorms, and were scored on others of the same kind",
    "gaussian": "candidates learned from N(0, 1) noise at the input of every neighbourhood, and "
    "were scored on images of noise ({count} were made in all); students stay as they are "
    "assembled, for a refit on noise would make them worse",
}


def check_recipe(recipe: LibraryRecipe) -> None:
    """Raises InvalidRecipe for settings of which no candidate could come."""
    if recipe.granularity == "layer" and set(recipe.kinds) == {"width"}:
        raise InvalidRecipe(
            "granularity 'layer' puts every layer into a neighbourhood of its own, where no width "
            "can shrink. Name other kinds, such as {\"sparse\": {}}, or use 'pair', 'block', a "
            "number of neighbourhoods or a list of modules."
        )
    if recipe.inputs == "gaussian" and (recipe.logit_weight or any(recipe.look_ahead)):
        raise InvalidRecipe(
            "Noise at the input of a neighbourhood does not tell what lies beside it, which "
            "look_ahead and logit_weight compare as well. Leave these out, or take inputs "
            '"matched".'
        )


def check_refinable(recipe: LibraryRecipe) -> None:
    """Raises InvalidRecipe where students of such a library must stay as they were assembled."""
    if not recipe.lets_refit:
        raise InvalidRecipe(
            "The student's library learned from N(0, 1) noise at the input of every neighbourhood. "
            "Noise at the input of the whole student does not arrive there as such, so refining "
            "it on that would make it worse. Build a library from images, or with inputs "
            '"matched", and ask that for a student.'
        )


def check_source(recipe: LibraryRecipe, dataset_id: str | None) -> None:
    """Raises InvalidRecipe unless images come from exactly one source."""
    if recipe.inputs == "images" and dataset_id is None:
        raise InvalidRecipe(
            "A library learns from images: give the id of a data set as dataset. To build one "
            'without any image, give inputs "matched" (for teachers with BatchNorms) or '
            '"gaussian" instead.'
        )
    if recipe.inputs != "images" and dataset_id is not None:
        raise InvalidRecipe(
            f"inputs '{recipe.inputs}' builds a library without reading any image, so that the "
            f"data set '{dataset_id}' would not be looked at. Leave out dataset, or inputs."
        )


def check_modules(recipe: LibraryRecipe, split: Split) -> None:
    """Raises InvalidRecipe for a listed module that a teacher with this split has not."""
    if not isinstance(recipe.granularity, tuple):
        return
    known = dict.fromkeys(_paths(split))
    for path in recipe.granularity:
        if path not in known:
            near = get_close_matches(path, known, n=NUM_NEAREST, cutoff=0.4)
            named = ", ".join(near or list(known)[:NUM_NEAREST])
            raise InvalidRecipe(
                f"granularity names '{path}', which is no module of this teacher that has "
                f"parameters. The nearest are: {named}."
            )


def notes(recipe: LibraryRecipe, num_known: int | None, num_classes: int | None) -> list[str]:
    """What should be known of a library's figures: of a teacher that knows so many classes, and
    images of so many, as far as these are known.
    """
    if recipe.inputs != "images":
        how = MADE_UP[recipe.inputs].format(count=recipe.synthetic_images)
        return [
            f"No image was read: {how}. Accuracies are shares of these images that get the "
            "teacher's own answer; how many get the right one cannot be known without labels."
        ]
    if num_known is not None and num_classes is not None and num_classes < num_known:
        return [
            f"The images have {num_classes} classes but the teacher knows {num_known}: class 1 of "
            "the images, in alphabetical order, is taken for the teacher's first, and so on, and "
            "accuracies are shares of these images alone."
        ]
    return []


def _paths(split: Split) -> Iterator[str]:
    """The modules with parameters, and those around them, from the outside to the inside."""
    inside = (module for each in split.neighbourhoods for module in each.modules)
    for module in (*inside, *(each.module for each in split.left_out)):
        steps = module.split(".") if module else []
        for depth in range(1, len(steps) + 1):
            yield ".".join(steps[:depth])
