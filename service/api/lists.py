"""Lists: which page of one is asked for, and its answer with a link to the next page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request, Response
from starlette.datastructures import URL

from service.bodies.common import Items
from service.repositories.pages import Listing, Page, Sort

Body = TypeVar("Body")
LINK = "link"
ORDER = "By what to order; a minus before it means descending."
SortOf = Annotated[Sort, Query(description=ORDER)]
NameOf = Annotated[str | None, Query(max_length=200, description="Only those of this name.")]


@dataclass(frozen=True)
class Asked:
    """A page that is asked for."""

    page: Page
    url: URL
    response: Response

    def answer(self, found: Listing[Any], shown: Sequence[Body]) -> Items[Body]:
        """What was found, as it is shown; the next page also as a Link (RFC 8288)."""
        if found.next is not None:
            following = self.url.include_query_params(cursor=found.next)
            self.response.headers[LINK] = f'<{following.path}?{following.query}>; rel="next"'
        return Items(items=list(shown), next=found.next)


async def _asked(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=500, description="Most items of one page.")] = 50,
    cursor: Annotated[str | None, Query(description="'next' of the page before.")] = None,
) -> Asked:
    return Asked(Page(limit=limit, cursor=cursor), request.url, response)


AskedOf = Annotated[Asked, Depends(_asked)]
