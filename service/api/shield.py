"""Shield: headers that keep browsers from doing with answers what nobody meant."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DOCS = "/docs"
SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
NOTHING = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox"
)
"""For answers that a browser at most shows, such as a picture, whose styles stand in it."""
PAGE = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
STRICT_TRANSPORT = "max-age=31536000"


class Shield:
    """Middleware around all others, so that their errors have the headers too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun: Message | None = None

        async def shielded(message: Message) -> None:
            """The page's policy depends on its text, so its head waits for it."""
            nonlocal begun
            if message["type"] == "http.response.start":
                _shield(scope, message)
                if scope["path"] == DOCS:
                    begun = message
                    return
            if begun is not None:
                policy = policy_of(message.get("body", b""))
                MutableHeaders(scope=begun)["content-security-policy"] = policy
                await send(begun)
                begun = None
            await send(message)

        await self._app(scope, receive, shielded)


def policy_of(page: bytes) -> str:
    """Lets the page run the scripts that stand in it, and files of its own server."""
    digests = [hashlib.sha256(each).digest() for each in SCRIPT.findall(page)]
    hashes = "".join(f" 'sha256-{base64.b64encode(each).decode()}'" for each in digests)
    return PAGE.format(hashes=hashes)


def _shield(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    headers.update(HEADERS)
    headers.setdefault("content-security-policy", NOTHING)
    if scope["scheme"] == "https":
        headers["strict-transport-security"] = STRICT_TRANSPORT
