"""Refusals: whom the service does not let in, and how it tells them."""

from collections.abc import Mapping

from candidates.errors import StudentSearchError

REALM = 'Bearer realm="student-search"'
MAKE_ONE = "student-search token create"


class Refusal(StudentSearchError):
    """A request went no further than the door; the answer has these headers."""

    headers: Mapping[str, str]


class TokenMissing(Refusal):
    """A call came without a token to a service that has tokens."""

    def __init__(self) -> None:
        super().__init__(
            "This service asks for a token. Send it as 'Authorization: Bearer …'; the client and "
            "the command line take it from STUDENT_SEARCH_TOKEN. Whoever runs the service makes "
            f"one with: {MAKE_ONE}."
        )
        self.headers = {"www-authenticate": REALM}


class TokenRefused(Refusal):
    """A call came with a token that opens nothing; it may be that none is needed."""

    def __init__(self, why: str, is_needed: bool = True) -> None:
        what = (
            f"Ask whoever runs the service for another one, which is made there with: {MAKE_ONE}."
            if is_needed
            else "This service has no tokens and needs none: unset STUDENT_SEARCH_TOKEN, and send "
            "no 'Authorization'."
        )
        super().__init__(f"The token that was sent {why}. {what}")
        self.headers = {"www-authenticate": f'{REALM}, error="invalid_token"'}


class ScopeTooSmall(Refusal):
    """A token does not reach as far as the call; `held` is None for calls without any."""

    def __init__(self, needed: str, held: str | None) -> None:
        stated = f"Its token has the scope '{held}'" if held else "There is no token yet"
        super().__init__(
            f"This call needs the scope '{needed}'. {stated}. Whoever runs the service makes one "
            f"with: {MAKE_ONE} --scope {needed}."
        )
        self.needed = needed
        error = f'error="insufficient_scope", scope="{needed}"'
        self.headers = {"www-authenticate": f"{REALM}, {error}"}


class ForeignOrigin(Refusal):
    """A call to a service without tokens came by way of a foreign page, name or machine."""

    def __init__(self, way: str) -> None:
        super().__init__(
            f"The call came by way of {way}. As long as there is no token, only pages and names "
            f"of the service's own machine may call it. Make one with: {MAKE_ONE} --scope admin."
        )
        self.headers = {}


class TooManyRequests(Refusal):
    """A caller went beyond its rate."""

    def __init__(self, setting: str, per_minute: int, retry_after_s: int) -> None:
        super().__init__(
            f"More than {per_minute} requests came within a minute. Wait {retry_after_s} s and go "
            f"on more slowly, or have {setting} raised in the service's settings."
        )
        self.per_minute, self.retry_after_s = per_minute, retry_after_s
        self.headers = {"retry-after": str(retry_after_s)}
