"""Command: a function as a command, with the options that many commands share."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any, TypeVar

import typer

from service.cli.completion import completing
from service.cli.endings import ending
from service.cli.shell import JsonOption, Screen, Shell, TokenOption, UrlOption
from service.cli.waiting import CancelOption, TimeoutOption, Waiting

Function = TypeVar("Function", bound=Callable[..., None])

GROUPS: Mapping[Any, Mapping[str, tuple[Any, Any]]] = {
    Screen: {"as_json": (JsonOption, False)},
    Shell: {
        "url": (UrlOption, None), "token": (TokenOption, None), "as_json": (JsonOption, False),
    },
    Waiting: {"timeout": (TimeoutOption, None), "cancel_on_interrupt": (CancelOption, False)},
}  # fmt: skip
"""Options that are one parameter of a function: by its type their names, types and defaults."""


def command(nouns: typer.Typer, name: str | None = None) -> Callable[[Function], Function]:
    """Of nouns; errors that a command does not handle end it with a sentence."""

    def added(function: Function) -> Function:
        parameters = inspect.signature(function, eval_str=True).parameters.values()
        groups = {each.name: each.annotation for each in parameters if each.annotation in GROUPS}
        own = [completing(each) for each in parameters if each.name not in groups]

        @wraps(function)
        def run(context: typer.Context, **given: Any) -> None:
            made = {key: _made(group, given) for key, group in groups.items()}
            usual = context.find_root().obj or Shell()
            for key, value in made.items():
                if isinstance(value, Screen):
                    made[key] = value.or_else(usual)
            with _around(*made.values()):
                function(**made, **given)

        shared = [option for group in groups.values() for option in _options(group)]
        _sign(run, [_parameter("context", typer.Context), *own, *shared])
        nouns.command(name)(run)
        return function

    return added


@contextmanager
def _around(*shared: Any) -> Iterator[None]:
    """How it ends, by what it shares with other commands."""
    as_json = any(isinstance(each, Screen) and each.as_json for each in shared)
    with ExitStack() as stack:
        stack.enter_context(ending(as_json))
        for each in shared:
            if isinstance(each, Waiting):
                stack.enter_context(each.posting())
        yield


def _made(group: Any, given: dict[str, Any]) -> Any:
    """Takes its own out of what was given."""
    return group(**{name: given.pop(name) for name in GROUPS[group]})


def _options(group: Any) -> list[inspect.Parameter]:
    return [_parameter(name, kind, usual) for name, (kind, usual) in GROUPS[group].items()]


def _parameter(name: str, kind: Any, usual: Any = inspect.Parameter.empty) -> inspect.Parameter:
    only = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, only, default=usual, annotation=kind)


def _sign(run: Any, parameters: list[inspect.Parameter]) -> None:
    only = inspect.Parameter.KEYWORD_ONLY
    keywords = [each.replace(kind=only) for each in parameters]
    run.__signature__ = inspect.Signature(keywords)
    run.__annotations__ = {each.name: each.annotation for each in keywords}
