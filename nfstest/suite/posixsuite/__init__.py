"""POSIX filesystem tests for NFS servers, written from the POSIX specification (IEEE Std 1003.1)."""

VERSION = "1.0"
# Printed in the header: a report must be able to say which suite it shows.
IDENTITY = "bundled nfstest-tui suite %s" % VERSION
