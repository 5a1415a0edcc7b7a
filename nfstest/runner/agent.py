#!/usr/bin/env python3
"""Makes a restored client VM fit for use. Runs as root in the guest; started before the VM is saved, it is there at once
afterwards: no program has to be started on an emulated processor.

Reads a line of JSON from the virtio port `nfstest.agent` and answers with another:
  {"do": "quiesce", "timeout": SECONDS}   no NFS mount, no TCP connection: ready to be saved; answers {}
  {"do": "resume", "time": SECONDS, "hostname": NAME, "entropy": HEX}   sets clock, name and random numbers; answers
      {"time": SECONDS, "kernel": RELEASE}
  {"do": "diagnose"}   lets the kernel print its blocked tasks on the console (SysRq w); answers {"blocked": [{"pid", "name", "stack"}],
      "calls": [LINE], "later": [LINE], "statistics": TEXT}: tasks that wait in the kernel, and its list of RPC calls twice, two seconds apart
A request that fails is answered with {"error": TEXT}.
"""

import fcntl
import glob
import json
import os
import socket
import struct
import subprocess
import sys
import time

PORT, SUITE_PORT = "nfstest.agent", "nfstest.suite"
# Sources: linux/random.h, _IOW('R', 3, int[2]) and _IO('R', 7).
RNDADDENTROPY, RNDRESEEDCRNG = 0x40085203, 0x5207
# Source: net/tcp_states.h; TIME_WAIT and LISTEN stay behind and do no harm.
QUIET_STATES = {"06", "0A"}


def find_port(wanted=PORT, wait_s=10):
    deadline = time.monotonic() + wait_s
    while True:
        for path in glob.glob("/sys/class/virtio-ports/*/name"):
            with open(path) as name:
                if name.read().strip() == wanted:
                    return "/dev/" + path.split("/")[-2]
        if time.monotonic() > deadline:
            sys.exit("agent: no virtio port " + wanted)
        time.sleep(0.1)


def connections(proc="/proc"):
    for table in glob.glob(proc + "/net/tcp*"):
        with open(table) as lines:
            for line in list(lines)[1:]:
                if line.split()[3] not in QUIET_STATES:
                    yield line


def nfs_mounts(proc="/proc"):
    with open(proc + "/mounts") as lines:
        return [line.split()[1] for line in lines if line.split()[2] in ("nfs", "nfs4")]


def quiesce(request, proc="/proc"):
    mounts = nfs_mounts(proc)
    if mounts:
        raise RuntimeError("NFS is mounted at " + " ".join(mounts))
    os.sync()
    deadline = time.monotonic() + request["timeout"]
    while any(connections(proc)):
        if time.monotonic() > deadline:
            raise RuntimeError("a TCP connection is still open")
        time.sleep(0.02)
    return {}


def resume(request):
    time.clock_settime(time.CLOCK_REALTIME, request["time"])
    # A client that hangs is asked over its keyboard, too, where no program of it runs any more.
    with open("/proc/sys/kernel/sysrq", "w") as file:
        file.write("1")
    entropy = bytes.fromhex(request["entropy"])
    # All lanes go on from one state: without this they would draw the same random numbers.
    with open("/dev/urandom", "wb", buffering=0) as random:
        fcntl.ioctl(random, RNDADDENTROPY, struct.pack("ii", len(entropy) * 8, len(entropy)) + entropy)
        fcntl.ioctl(random, RNDRESEEDCRNG)
    name = request["hostname"]
    if name != socket.gethostname():
        # sudo and the suite look their own name up.
        with open("/etc/hosts", "a") as hosts:
            hosts.write("127.0.0.1 %s\n" % name)
        with open("/etc/hostname", "w") as file:
            file.write(name + "\n")
        socket.sethostname(name)
    with open("/dev/console", "w") as console:
        console.write("\nnfstest: %s goes on from its saved state\n" % name)
    return {"time": time.time(), "kernel": os.uname().release}


def read_text(path, limit=20000):
    try:
        with open(path, errors="replace") as file:
            return file.read(limit)
    except OSError:
        # The task is gone, or the kernel has no such file.
        return ""


def blocked_tasks(proc="/proc", most=40):
    found = []
    for path in sorted(glob.glob(proc + "/[0-9]*/task/[0-9]*/stat")):
        # The name is in parentheses and may hold any of them.
        pid, _, rest = read_text(path).partition(" (")
        name, _, state = rest.rpartition(") ")
        if state[:1] == "D" and len(found) < most:
            stack = [line.split("] ", 1)[-1] for line in read_text(os.path.dirname(path) + "/stack").splitlines()]
            found.append({"pid": int(pid), "name": name, "stack": stack[:40]})
    return found


def rpc_calls(debug="/sys/kernel/debug"):
    return [line for path in sorted(glob.glob(debug + "/sunrpc/rpc_clnt/*/tasks")) for line in read_text(path).splitlines()][:200]


def diagnose(_request, proc="/proc", debug="/sys/kernel/debug", pause_s=2):
    for path, text in (("/sys/kernel/sysrq", "1"), ("/sysrq-trigger", "w")):
        with open(proc + path, "w") as file:
            file.write(text)
    if not os.path.isdir(debug + "/sunrpc"):
        subprocess.run(["mount", "-t", "debugfs", "none", debug], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=5)
    blocked, calls = blocked_tasks(proc), rpc_calls(debug)
    # A call that is there twice is not only on its way.
    time.sleep(pause_s)
    return {"blocked": blocked, "calls": calls, "later": rpc_calls(debug), "statistics": read_text(proc + "/net/rpc/nfs")}


def answer(line):
    try:
        request = json.loads(line)
        return {"quiesce": quiesce, "resume": resume, "diagnose": diagnose}[request["do"]](request)
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


def serve(descriptor):
    pending, pause_s = b"", 0.02
    while True:
        data = os.read(descriptor, 4096)
        if not data:
            # Nobody is connected at the other end, and the port can't be waited for then.
            time.sleep(pause_s)
            continue
        pending += data
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            reply = answer(line)
            data = json.dumps(reply).encode() + b"\n"
            while data:
                data = data[os.write(descriptor, data):]
            if "time" in reply:
                # Whoever starts a run is in a hurry until now; the testcases shall not be disturbed.
                pause_s = 1


if __name__ == "__main__":
    if sys.argv[1:] == ["diagnose"]:
        print(json.dumps(diagnose({})))
        sys.exit()
    # The suite is no program of root.
    os.chmod(find_port(SUITE_PORT), 0o622)
    serve(os.open(find_port(), os.O_RDWR))
