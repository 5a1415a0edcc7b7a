# Every default, once. `make` includes this file and the program reads it.
# A flag wins over the environment (or `make KEY=value`), and that wins over this file.
# Relative paths start from the current folder.

# Server image. Empty: `arcticwolf` where SERVER_SRC holds a Cargo.toml, else `ganesha`, the bundled reference server.
IMAGE_NAME ?=
IMAGE_TAG ?= latest
# Checkout (folder or git URL) of the server that is built from source.
SERVER_SRC ?= ../arcticwolf
# server.json that describes an image of your own; empty: the one in nfstest/servers/<IMAGE_NAME>/.
SERVER_CONFIG ?=

# auto (Earthly's earth or earthly where installed, else the engine's own build), earthly or engine.
BUILDER ?= auto

# Client VM.
VM_OUTPUT_DIR ?= build/nfstest/vm
# Name of an environment beside others of this checkout, with its own ports, folders and containers; image, key and saved VM are shared.
INSTANCE ?=
VM_IMAGE_NAME ?= vm.qcow2
CIDATA_NAME ?= cidata.iso
VM_MEMORY ?= 512M
VM_CPUS ?= 2
# Pairs of server and client VM that share the testcases: a number, or auto (by processors and memory).
# Several lanes have one processor each unless VM_CPUS says otherwise.
LANES ?= 1
# auto (Alpine if it can be downloaded, else Debian), alpine or debian.
VM_SOURCE ?= auto
# Alpine cloud image; the sum belongs to the version. Empty: the one published beside the image.
ALPINE_VERSION ?= 3.24.2
ALPINE_SHA512_X86_64 ?= c9504d23613f304e0cfb6f5fec872e29e5a5a62e2bc64796daf19c14fdddaa87dc252912fd8bdd17f7b8ebf0cd03305e4075993d54de175e6028d6b50414c67f
ALPINE_SHA512_AARCH64 ?=
# auto, kvm, hvf or tcg.
ACCEL ?= auto
# 1: boot the client VM at every start instead of restoring its saved state.
COLD ?= 0

# Ports on 127.0.0.1.
NFS_PORT ?= 4000
SSH_PORT ?= 2222

# What is tested: names separated by commas, or all.
TESTCASE ?= open,read,write
# 3, 4.0, 4.1 or 4.2; several, separated by commas, run one after the other.
NFS_VERSION ?= 3
# auto (NFStest if it can be had, else the bundled suite), nfstest or bundled.
SUITE ?= auto
# Script of NFStest that has the testcases; another than nfstest_posix needs NFSTEST_SRC, and its TESTCASE is all unless given.
SUITE_SCRIPT ?= nfstest_posix
# NFStest checkout (folder or git URL). Empty: a cached clone, else a clone of NFSTEST_REPO at NFSTEST_TAG.
NFSTEST_SRC ?=
NFSTEST_REPO ?= git://git.linux-nfs.org/projects/mora/nfstest.git
NFSTEST_TAG ?= v3.2
# Longest time the testcases may take, for example 90s, 30m, 2h.
TIMEOUT ?= 30m

# The lane whose server and client `logs` and `shell` are about, where a kept environment has several.
LANE ?= 1

# How long each other wait may take; past it the run ends and says what was awaited (docs/deadlines.md).
# Each download: VM image, pulled server image, clone of server or suite.
DOWNLOAD_TIMEOUT ?= 600s
# Building the server's image; making the VM's.
BUILD_TIMEOUT ?= 3600s
# From QEMU's start until the client VM is ready; an emulated one with a busy core beside it needs two minutes.
BOOT_TIMEOUT ?= 300s
# Logging in to the client VM; bringing the suite there.
CONNECT_TIMEOUT ?= 120s
# From the container's start until the server answers. Empty: as its server.json says.
SERVER_TIMEOUT ?=
# A suite that prints nothing for so long hangs: it is looked into and ended.
SILENCE_TIMEOUT ?= 300s
# Server or client that do not answer for so long while the testcases run are lost.
ANSWER_TIMEOUT ?= 20s
# One call to the container engine (not a build or a pull), one question to a tool.
ENGINE_TIMEOUT ?= 30s
# The whole run; a session in the dashboard has none.
RUN_TIMEOUT ?= 4h
# 1: put a lane that lost its client VM or server up anew and go on with the testcases that have not run. Empty: with several lanes.
RECOVER ?=

# Which testcases' NFS traffic is kept as a capture: always, on-failure or never (then nothing is recorded).
PCAP ?= on-failure

# Run folders.
RUNS_DIR ?= build/runs
# How many are kept; older ones are deleted after a run.
RUNS_KEEP ?= 50
# Longest log of a run (suite, server, console, build): more is counted and left out. 64K, 256M, 1G.
LOG_MAX ?= 256M

# Reports: plain, junit, tap, json, ndjson, github, html; separated by commas. plain goes to the terminal, the others into files.
REPORTER ?= plain
# Where the files go. Empty: the run's folder.
OUTPUT_DIR ?=

# Failures that are expected: a file, none, or empty for nfstest/known-failures/<IMAGE_NAME>.toml.
KNOWN_FAILURES ?=
# 1: one that passes makes the run fail.
STRICT ?= 0
# Run new failures again elsewhere, to say whose fault they are: auto (in --ci, where it is quick), always or never.
TRIAGE ?= auto
