"""Card: the README.md of a student, of what its file says and of what is known beside it."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from candidates.assembly import description_of, program_of
from candidates.checkpoint import ITEM_BYTES, Checkpoint, Tensor
from candidates.export.facts import Facts, Section
from candidates.export.tuning import Tuning
from candidates.licence import hub_fields

PREDICTION = "predicted_accuracy"
UNTOLD = "unknown: ask whoever trained the teacher"
LOAD = """```python
from student import load

student = load("student.safetensors")  # eval mode; train() to go on training it
```

or without the Python file:

```python
import onnxruntime

session = onnxruntime.InferenceSession("student.onnx")
(logits,) = session.run(["logits"], {"images": images})
```
"""
FINE_TUNE = """```sh
student-search fine-tune student.safetensors teacher.safetensors images.tar fine-tuned.safetensors
```

or as any module of torch: `student.train()`, then your own loop over `student.parameters()`.
Weights that are zero because they were pruned stay so in the first command, not in a loop of your
own.
"""


def card(checkpoint: Checkpoint, facts: Facts) -> str:
    """The Markdown text, with the head that model hubs read."""
    description = description_of(checkpoint)
    recipe = description.recipe
    network = Section.of(
        "Network",
        {
            "Parameters": f"{_num_parameters(checkpoint)}, without the zeros of matrices",
            "Images": f"{' × '.join(map(str, recipe.input))} (channels, height, width)",
            "Mean": str(recipe.preprocessing.mean),
            "Standard deviation": str(recipe.preprocessing.std),
        },
    )
    tuning = Tuning.of(description.provenance)
    terms = Section.of(
        "Licence", {"Of the teacher, whose weights these are": facts.licence or UNTOLD}
    )
    origin = _origin(description.provenance, tuning)
    tuned = () if tuning is None else (tuning.summary(),)
    sections = [network, *tuned, *facts.sections, terms, origin]
    head = {**hub_fields(facts.licence), "library_name": "pytorch"}
    return "\n".join([
        "---", *(f"{name}: {json.dumps(value)}" for name, value in head.items()),
        "pipeline_tag: image-classification", "tags: [distillation, pruning]", "---",
        f"# {escaped(facts.title)}", "",
        "A smaller network that imitates its teacher, assembled by Student Search from distilled "
        "parts.", "",
        *(line for section in sections if section.rows for line in _table(section)),
        "## Load it", "", LOAD, "## Fine-tune it", "", FINE_TUNE,
        *(() if tuning is None else _table(tuning.whole())),
    ])  # fmt: skip


def escaped(text: str) -> str:
    """A text that names come from, as Markdown that shows it in one line and nothing else."""
    shown = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    for sign in "\\`*_{}[]<>#|":
        shown = shown.replace(sign, f"\\{sign}")
    return shown


def _origin(provenance: Mapping[str, Any], tuning: Tuning | None) -> Section:
    """What a section of its own tells is not told again."""
    told = () if tuning is None else tuple(Tuning.model_fields)
    later = "" if tuning is None else ", of the student before fine-tuning"
    names = {PREDICTION: PREDICTION + later}
    rows = {key: json.dumps(value) for key, value in provenance.items() if key not in told}
    return Section.of("Provenance", {names.get(key, key): rows[key] for key in rows})


def _table(section: Section) -> list[str]:
    lines = [f"| {escaped(row.name)} | {escaped(row.says)} |" for row in section.rows]
    return [f"## {escaped(section.title)}", "", "| | |", "|---|---|", *lines, ""]


def _num_parameters(checkpoint: Checkpoint) -> int:
    """As `candidates.cost` counts them."""
    program = program_of(checkpoint)
    buffers = set(program.buffers)
    tensors = (checkpoint.tensors[name] for name in program.tensors() if name not in buffers)
    return sum(_num_nonzero(each) if len(each.shape) > 1 else math.prod(each.shape)
               for each in tensors)  # fmt: skip


def _num_nonzero(tensor: Tensor) -> int:
    """Bit patterns of floats but those of 0 and −0."""
    size = ITEM_BYTES[tensor.dtype]
    words = np.frombuffer(tensor.data, dtype=f"<u{size}")
    sign = np.array(1 << (8 * size - 1), dtype=words.dtype)
    return int(np.count_nonzero(words & ~sign))
