"""One file: the script as a target gets it, made of the modules beside this one.

It is read there before it is run, so it is their text and no archive: the docstring of `main`,
every import once, then what each module holds.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

NAME = "measure_latency.py"
MODULES = (
    "refused", "operators", "pools", "network", "machine", "timing", "torch_machine",
    "onnx_machine", "delivery", "main",
)  # fmt: skip
"""Each needs only those before it; none has a name that another has."""


@cache
def script() -> bytes:
    """The whole of it."""
    texts = [Path(__file__).with_name(f"{name}.py").read_text("utf-8") for name in MODULES]
    imports = sorted({each for text in texts for each in _imports(text)}, key=_place)
    told = ast.get_docstring(ast.parse(texts[-1]), clean=False)
    head = f'"""{told}"""\n\n' + "\n".join(imports)
    return "\n\n\n".join([head, *map(_body, texts)]).encode() + b"\n"


def _imports(text: str) -> Iterator[str]:
    """Of what lies outside this package, one name each."""
    for node in _import_nodes(text):
        if isinstance(node, ast.Import):
            yield from (f"import {each.name}" for each in node.names)
        elif not (node.module or "").startswith(__package__):
            yield from (f"from {node.module} import {each.name}" for each in node.names)


def _import_nodes(text: str) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]


def _place(line: str) -> tuple[bool, bool, str]:
    return "__future__" not in line, line.startswith("from"), line


def _body(text: str) -> str:
    """What stands after the imports."""
    last = _import_nodes(text)[-1].end_lineno
    return "\n".join(text.splitlines()[last:]).strip()
