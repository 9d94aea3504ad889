"""The socket that answers go through."""

from __future__ import annotations

import socket

from search_api.serving import bind


def test_the_socket_says_that_it_is_tcp_so_that_asyncio_sends_small_answers_at_once() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
