"""Fast tests of the probe; no root, no network but 127.0.0.1. `python3 -m unittest server_probe_test` in this folder."""
import socket
import struct
import threading
import unittest

import server_probe

XID_ECHO = object()


class FakeServer:
    """Answers each connection's call with the words of an RPC reply, or with raw bytes."""

    def __init__(self, answer):
        self.answer = answer
        self.calls = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                call = connection.recv(44)
                self.calls.append(struct.unpack(">I10I", call))
                if isinstance(self.answer, bytes):
                    connection.sendall(self.answer)
                    continue
                words = [self.calls[-1][1] if word is XID_ECHO else word for word in self.answer]
                body = struct.pack(">%dI" % len(words), *words)
                connection.sendall(struct.pack(">I", 0x80000000 | len(body)) + body)

    def close(self):
        self.socket.close()


class WaitFor(unittest.TestCase):
    def attempt(self, answer, name="NFS", version=3, wait_s=0.3):
        server = FakeServer(answer)
        self.addCleanup(server.close)
        self.port = server.port
        try:
            server_probe.wait_for("127.0.0.1", server.port, name, version, wait_s)
            return server.calls[0]
        except server_probe.NotServing as problem:
            return str(problem)

    def test_accepted_call_is_a_null_call(self):
        call = self.attempt([XID_ECHO, 1, 0, 0, 0, 0])
        self.assertEqual(call[0], 0x80000000 | 40)
        self.assertEqual(call[2:], (0, 2, 100003, 3, 0, 0, 0, 0, 0))
        self.assertEqual(self.attempt([XID_ECHO, 1, 0, 0, 0, 0], "MOUNT")[4:6], (100005, 3))

    def test_verifier_is_skipped(self):
        self.assertIsInstance(self.attempt([XID_ECHO, 1, 0, 6, 5, 0, 0, 0]), tuple)

    def test_refusals(self):
        self.assertIn("does not serve NFSv4: its answer to a NULL call is PROG_MISMATCH", self.attempt([XID_ECHO, 1, 0, 0, 0, 2, 3, 3], version=4))
        self.assertIn("does not serve MOUNTv3: its answer to a NULL call is PROG_UNAVAIL", self.attempt([XID_ECHO, 1, 0, 0, 0, 1], "MOUNT"))
        self.assertIn("call denied", self.attempt([XID_ECHO, 1, 1, 0, 2]))

    def test_other_protocols(self):
        for answer in (b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x80\x00\x00\x04abcd", [7, 1, 0, 0, 0, 0]):
            self.assertIn("is open, but did not answer as NFSv3 within 0.3 s: the answer is no RPC reply", self.attempt(answer))
        self.assertIn("it closed the connection", self.attempt(b""))

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with self.assertRaisesRegex(server_probe.NotServing, r"server 127.0.0.1:%d did not answer within 0.2 s: connection refused. Is the server running\?" % port):
            server_probe.wait_for("127.0.0.1", port, "NFS", 3, 0.2)


if __name__ == "__main__":
    unittest.main()
