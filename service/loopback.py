"""Loopback: which addresses and names only this machine itself has."""

from ipaddress import ip_address


def is_address(host: str) -> bool:
    """Whether this is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether nobody else reaches an address; of names only localhost is known."""
    return ip_address(host).is_loopback if is_address(host) else host == "localhost"


def is_own_name(host: str) -> bool:
    """Whether a Host header, with or without a port, names this machine.

    A web page can make its own name point here (DNS rebinding) and then call as if it were of this
    machine. Names that anybody can have made have a dot.
    """
    name = _without_port(host).lower().removesuffix(".")
    return is_loopback(name) if is_address(name) else "." not in name or _is_local(name)


def _is_local(name: str) -> bool:
    return name.endswith(".localhost")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
