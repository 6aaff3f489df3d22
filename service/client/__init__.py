"""Client: the service's calls from Python, synchronously and asynchronously, from one source."""

from service.client.clients import LOCAL, TOKEN_VARIABLE, URL_VARIABLE, AsyncClient, Client
from service.client.errors import ClientError, JobEnded, Refused, StillRunning, Unreachable
from service.client.patience import Patience

__all__ = [
    "LOCAL",
    "TOKEN_VARIABLE",
    "URL_VARIABLE",
    "AsyncClient",
    "Client",
    "ClientError",
    "JobEnded",
    "Patience",
    "Refused",
    "StillRunning",
    "Unreachable",
]
