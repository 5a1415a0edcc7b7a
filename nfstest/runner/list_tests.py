#!/usr/bin/env python3
"""Prints, as JSON, which tests a script of NFStest has and what they need. Runs none of them.

    list_tests.py SUITE_ROOT SCRIPT

    {"usage": "%prog --server …", "tests": [{"name", "description", "clients"}], "groups": {"name": ["test", …]}}

The script is run up to the moment when it makes its test object; what it hands over there is what `--list--tests` prints, and more.
"""
import json
import os
import runpy
import sys


class Found(BaseException):
    """What the script handed over; no handler of the script's own catches it."""


def capture(test, *_arguments, **given):
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    groups = given.get("testgroups", {})
    clients = frame.f_globals.get("TEST_CLIENT_DICT", {})
    tests = []
    for name in given.get("testnames", []):
        if name not in groups and name != "all":
            text = getattr(type(test), name + "_test").__doc__ or ""
            tests.append({"name": name, "description": " ".join(text.split("\n\n")[0].split()), "clients": clients.get(name, 0)})
    raise Found({"usage": given.get("usage", ""), "tests": tests, "groups": {name: group.get("tests", []) for name, group in groups.items()}})


def main(root, script):
    sys.dont_write_bytecode = True
    sys.path.insert(0, root)
    from nfstest.test_util import TestUtil
    TestUtil.__init__ = capture
    # It cleans up what was never set up.
    del TestUtil.__del__
    sys.argv = [script]
    try:
        runpy.run_path(os.path.join(root, "test", script), run_name="__main__")
    except Found as found:
        print(json.dumps(found.args[0]))
        return 0
    print("%s makes no test object: it is a tool, not a test" % script, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2]))
