"""Runs the stages of cloud-init in one process, and loads the NFS client meanwhile.

Each stage is a Python program of its own in Debian 12's cloud-init, and starting one takes 3 s
on an emulated CPU. Later releases have --all-stages for that.
"""

import subprocess
import sys

# Checking the modules' signatures takes 2 s; the second CPU is idle now.
subprocess.Popen(["modprobe", "-a", "nfs", "nfsv3", "nfsv4"])

from cloudinit.cmd import main as cloud_init  # noqa: E402 (importing is the slow part)

failed = 0
for arguments in (["init"], ["modules", "--mode=config"], ["modules", "--mode=final"]):
    failed |= bool(cloud_init.main(["cloud-init", *arguments]))
    if arguments == ["init"]:
        # The user and the host key exist now; the final stage waits for port 22.
        subprocess.run(["systemctl", "start", "--no-block", "ssh.service"], check=False)
sys.exit(failed)
