"""Reuse: which neighbourhoods of a teacher were not distilled again."""

from collections import defaultdict

from service.client import Client, Refused

NOT_FOUND = 404
NEW = "No teacher was accepted before: every neighbourhood was new to it."


def told(client: Client, library: str, was_there: bool, accepted: str | None) -> str:
    """A sentence. `was_there` says that the library was not made just now; `accepted` is the one
    of the last accepted teacher.
    """
    if was_there or library == accepted:
        return "The library of this teacher was there already: nothing was distilled again."
    if accepted is None:
        return NEW
    now = _weights(client, library)
    try:
        before = _weights(client, accepted)
    except Refused as exc:
        if exc.problem.status != NOT_FOUND:
            raise
        return f"The library '{accepted}' is gone, so what was reused of it is not known."
    same = [name for name, digests in now.items() if before.get(name) == digests]
    return (
        f"{len(same)} of {len(now)} neighbourhoods are as in the last accepted teacher: their "
        "candidates were scored again, and not distilled again."
    )


def _weights(client: Client, library: str) -> dict[str, tuple[str, ...]]:
    """Digests of all candidates' weights by neighbourhood. Candidates of equal neighbourhoods
    under one recipe are the same files.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for candidate in client.candidates(library):
        found[candidate.neighbourhood].append(candidate.weights_sha256)
    return {name: tuple(digests) for name, digests in found.items()}
