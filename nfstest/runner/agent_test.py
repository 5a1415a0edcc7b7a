"""Fast tests of the agent; no root, no virtio port. What only root may do is tested in a VM. `python3 -m unittest agent_test` in this folder."""
import json
import os
import socket
import tempfile
import threading
import time
import unittest

import agent

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
# As Linux 6.1 prints them: sshd's listener, a login, and what a login leaves behind.
LISTEN = "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 0\n"
ESTABLISHED = "   1: 0F02000A:0016 0202000A:D2F6 01 00000000:00000000 02:000A1B2C 00000000     0        0 34 2 0 20 4 31 10 -1\n"
TIME_WAIT = "   2: 0F02000A:0016 0202000A:D2F4 06 00000000:00000000 03:00001771 00000000     0        0 0 3 0\n"
ROOT_MOUNT = "/dev/vda1 / ext4 rw,relatime 0 0\n"
NFS_MOUNT = "10.0.2.2:/export /mnt nfs4 rw,vers=4.1 0 0\n"


class Proc(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.proc = folder.name
        os.mkdir(self.proc + "/net")
        self.write("mounts", ROOT_MOUNT)
        self.write("net/tcp", HEADER + LISTEN + TIME_WAIT)
        self.write("net/tcp6", HEADER)

    def write(self, name, text):
        with open(os.path.join(self.proc, name), "w") as file:
            file.write(text)

    def test_diagnose(self):
        # As Linux 6.1 has them while a server is paused.
        call = "    4 88a0      0 0x0 0x96b48d02     1052 rpc_default_ops [sunrpc] nfsv3 ACCESS a:call_status [sunrpc] q:xprt_pending\n"
        os.makedirs(self.proc + "/debug/sunrpc/rpc_clnt/0")
        self.write("debug/sunrpc/rpc_clnt/0/tasks", call)
        os.makedirs(self.proc + "/sys/kernel")
        os.makedirs(self.proc + "/net/rpc")
        self.write("net/rpc/nfs", "net 0 0 0 0\nrpc 7 18 7\n")
        for pid, name, state in ((346, "ls) D (", "D"), (400, "sh", "S")):
            os.makedirs(self.proc + "/%d/task/%d" % (pid, pid))
            self.write("%d/task/%d/stat" % (pid, pid), "%d (%s) %s 1 346 346 0\n" % (pid, name, state))
        self.write("346/task/346/stack", "[<0>] rpc_wait_bit_killable+0xd/0x70 [sunrpc]\n[<0>] __wait_on_bit+0x4b/0x140\n")
        found = agent.diagnose({}, self.proc, self.proc + "/debug", 0)
        self.assertEqual(found["blocked"], [{"pid": 346, "name": "ls) D (", "stack": ["rpc_wait_bit_killable+0xd/0x70 [sunrpc]", "__wait_on_bit+0x4b/0x140"]}])
        self.assertEqual((found["calls"], found["later"]), ([call.rstrip("\n")], [call.rstrip("\n")]))
        self.assertEqual(found["statistics"], "net 0 0 0 0\nrpc 7 18 7\n")
        self.assertEqual([open(self.proc + name).read() for name in ("/sys/kernel/sysrq", "/sysrq-trigger")], ["1", "w"])

    def test_quiet_without_mounts_and_connections(self):
        self.assertEqual(agent.quiesce({"timeout": 0}, self.proc), {})

    def test_refuses_while_nfs_is_mounted(self):
        self.write("mounts", ROOT_MOUNT + NFS_MOUNT)
        with self.assertRaisesRegex(RuntimeError, "^NFS is mounted at /mnt$"):
            agent.quiesce({"timeout": 0}, self.proc)

    def test_refuses_a_connection_that_stays(self):
        for table in ("net/tcp", "net/tcp6"):
            self.write(table, HEADER + ESTABLISHED)
            with self.assertRaisesRegex(RuntimeError, "TCP connection is still open"):
                agent.quiesce({"timeout": 0.05}, self.proc)
            self.write(table, HEADER)

    def test_waits_for_a_connection_that_closes(self):
        self.write("net/tcp", HEADER + ESTABLISHED)
        threading.Timer(0.1, lambda: self.write("net/tcp", HEADER + LISTEN)).start()
        began = time.monotonic()
        self.assertEqual(agent.quiesce({"timeout": 10}, self.proc), {})
        self.assertGreater(time.monotonic() - began, 0.08)


class Serve(unittest.TestCase):
    def setUp(self):
        self.host, guest = socket.socketpair()
        self.addCleanup(self.host.close)
        self.lines = self.host.makefile("r")
        self.addCleanup(self.lines.close)
        # It never ends, as in the guest.
        threading.Thread(target=agent.serve, args=(guest.detach(),), daemon=True).start()

    def ask(self, *pieces):
        for piece in pieces:
            self.host.sendall(piece)
            time.sleep(0.02)
        return json.loads(self.lines.readline())

    def test_answers_errors_and_goes_on(self):
        self.assertEqual(self.ask(b'{"do": "dance"}\n'), {"error": "KeyError: 'dance'"})
        self.assertIn("JSONDecodeError", self.ask(b"login:\n")["error"])
        self.assertIn("KeyError", self.ask(b'{"do": "resume"}\n')["error"])

    def test_takes_a_request_that_comes_in_pieces(self):
        self.assertEqual(self.ask(b'{"do": ', b'"dance"}\n'), {"error": "KeyError: 'dance'"})

    def test_takes_two_requests_at_once(self):
        self.assertEqual(self.ask(b'{"do": "one"}\n{"do": "two"}\n'), {"error": "KeyError: 'one'"})
        self.assertEqual(json.loads(self.lines.readline()), {"error": "KeyError: 'two'"})


if __name__ == "__main__":
    unittest.main()
