import socket
from pathlib import Path

import pytest

from service.server import AddressTaken, listen
from service.settings import Settings


def test_the_chosen_address_is_left_in_the_data_folder(tmp_path: Path) -> None:
    listener, url = listen(Settings(data_dir=tmp_path / "var", port=0))
    with listener:
        assert url == f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert (tmp_path / "var" / "address").read_text() == url + "\n"


def test_the_socket_names_its_protocol_so_that_answers_are_sent_at_once(tmp_path: Path) -> None:
    listener, _ = listen(Settings(data_dir=tmp_path, port=0))
    with listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_whoever_connects_before_the_service_is_up_waits_for_it(tmp_path: Path) -> None:
    listener, _ = listen(Settings(data_dir=tmp_path, port=0))
    with listener, socket.create_connection(listener.getsockname()):
        pass


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    listener, _ = listen(Settings(data_dir=tmp_path, port=0))
    with listener:
        port = listener.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"port {port}: Address already in use"):
            listen(Settings(data_dir=tmp_path, port=port))
