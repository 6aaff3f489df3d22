"""Operation: a method that is written once, and called synchronously or asynchronously.

On a Client it gives its result, on an AsyncClient a coroutine of it; both are typed.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from service.client.drivers import Awaiting, Blocking
from service.client.effects import Operation, Telling

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class operation(Generic[P, T]):
    """Of a method that describes what is to be done."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Operation[T]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, client: Blocking | Awaiting | None, owner: type) -> Any:
        if client is None:
            return self

        @wraps(self._describe)
        def called(*arguments: P.args, **named: P.kwargs) -> Any:
            return client.run(self._describe(client, *arguments, **named))

        return called


class listing(Generic[P, Item]):
    """Of a method that describes what tells one item after the other, such as a list of however
    many pages; the first request goes out when the first item is wanted.
    """

    def __init__(self, describe: Callable[Concatenate[Any, P], Telling[Item]]) -> None:
        self._describe = describe
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, Iterator[Item]]: ...
    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, AsyncIterator[Item]]: ...
    def __get__(self, client: Blocking | Awaiting | None, owner: type) -> Any:
        if client is None:
            return self

        @wraps(self._describe)
        def called(*arguments: P.args, **named: P.kwargs) -> Any:
            return client.iterate(self._describe(client, *arguments, **named).operation)

        return called
