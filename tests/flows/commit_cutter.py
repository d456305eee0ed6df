"""Stands between the hub and PostgreSQL: carries bytes, and can lose the answer to a COMMIT that was done."""

import socket
import threading
from contextlib import suppress

_COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"
"""The server's word that a transaction is committed."""


class CommitCutter:
    def __init__(self, port):
        self._port = port
        self._is_armed = False
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self):
        """The answer to the next COMMIT is lost, and with it the connection."""
        self._is_armed = True

    def close(self):
        self._listener.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                self._lead(self._listener.accept()[0])

    def _lead(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self._port))
        except OSError:  # it is not there now, and so nobody answers
            client.close()
            return
        for source, target, answers in ((client, server, False), (server, client, True)):
            threading.Thread(target=self._carry, args=(source, target, answers), daemon=True).start()

    def _carry(self, source, target, answers):
        with suppress(OSError):
            while piece := source.recv(65536):
                if answers and self._cuts(piece):
                    break
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _cuts(self, piece):
        if not self._is_armed or _COMMITTED not in piece:
            return False
        self._is_armed = False
        self.cuts += 1
        return True
