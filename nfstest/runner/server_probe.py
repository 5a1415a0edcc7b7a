"""Whether an NFS server answers: NULL calls over TCP. A module of its own, which Python keeps compiled in the saved VM."""
# Of socket it is the half in C: the other makes enums of hundreds of constants, which takes an emulated client 0.1 s.
import _socket
import os
import struct
import time

# Program numbers and accept_stat: RFC 1813 (NFS; MOUNT in its appendix I), RFC 5531.
PROGRAMS = {"NFS": 100003, "MOUNT": 100005}
ACCEPT_STATES = {1: "PROG_UNAVAIL", 2: "PROG_MISMATCH", 3: "PROC_UNAVAIL", 4: "GARBAGE_ARGS", 5: "SYSTEM_ERR"}
# A server that says no has perhaps not finished its start.
REFUSAL_WAIT_S = 3


class NotServing(Exception):
    """A probe that failed; `stage`: 'connect', 'answer' (something listens) or 'refusal' (it speaks RPC and says no)."""

    def __init__(self, message, stage="answer"):
        super().__init__(message)
        self.stage = stage


def null_call(xid, program, version):
    """Procedure 0 of a program, without credentials, as a record of one fragment (RFC 5531)."""
    body = struct.pack(">10I", xid, 0, 2, program, version, 0, 0, 0, 0, 0)
    return struct.pack(">I", 0x80000000 | len(body)) + body


def check_reply(record, xid):
    """Raises NotServing unless the record accepts the call."""
    try:
        got_xid, kind, denied, _, verifier_length = struct.unpack_from(">5I", record)
        if (got_xid, kind) != (xid, 1):
            raise NotServing("the answer is no RPC reply")
        state = "call denied" if denied else struct.unpack_from(">I", record, 20 + (verifier_length + 3) // 4 * 4)[0]
    except struct.error:
        raise NotServing("the answer is no RPC reply") from None
    if state:
        raise NotServing("its answer to a NULL call is %s" % ACCEPT_STATES.get(state, state), "refusal")


def probe(host, port, program, version, timeout_s):
    """One NULL call over TCP."""
    stage = "connect"
    connection = None
    try:
        # As bytes: a name that is text is made IDNA, whose tables take 0.15 s to import.
        family, _, _, _, address = _socket.getaddrinfo(host.encode(), port, 0, _socket.SOCK_STREAM)[0]
        connection = _socket.socket(family, _socket.SOCK_STREAM)
        connection.settimeout(timeout_s)
        connection.connect(address)
        stage = "answer"
        xid = struct.unpack(">I", os.urandom(4))[0]
        connection.sendall(null_call(xid, program, version))
        header = read(connection, 4)
        if not header:
            raise NotServing("it closed the connection")
        # A last fragment of less than 4 KiB starts so; everything else is another protocol.
        if len(header) < 4 or header[:2] != b"\x80\x00" or header[2] > 15:
            raise NotServing("the answer is no RPC reply")
        check_reply(read(connection, struct.unpack(">I", header)[0] & 0xFFF), xid)
    except TimeoutError:
        raise NotServing("timed out", stage) from None
    except OSError as error:
        raise NotServing((error.strerror or str(error)).lower(), stage) from None
    finally:
        if connection:
            connection.close()


def read(connection, count):
    """Less where the connection ends first."""
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            break
        data += more
    return data


def wait_for(host, port, name, version, wait_s):
    """Until a NULL call is accepted; name: a key of PROGRAMS. Raises NotServing with a message for the user at the deadline."""
    start = time.monotonic()
    place, service = "server %s:%d" % (host, port), "%sv%d" % (name, version)
    while True:
        left = start + wait_s - time.monotonic()
        try:
            return probe(host, port, PROGRAMS[name], version, max(0.5, min(5, left)))
        except NotServing as problem:
            waited = time.monotonic() - start
            if waited < (min(wait_s, REFUSAL_WAIT_S) if problem.stage == "refusal" else wait_s):
                time.sleep(0.3)
                continue
            raise NotServing({
                "connect": "%s did not answer within %g s: %s. Is the server running?" % (place, wait_s, problem),
                "answer": "%s is open, but did not answer as %s within %g s: %s. Is it an NFS server?" % (place, service, wait_s, problem),
                "refusal": "%s does not serve %s: %s" % (place, service, problem),
            }[problem.stage]) from None
