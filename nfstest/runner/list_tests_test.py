"""python3 -m unittest list_tests_test, in this folder."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "list_tests.py")
FILES = {
    "nfstest/__init__.py": "",
    "nfstest/test_util.py": "class TestUtil:\n    def __init__(self, **given):\n        raise SystemExit('it was run')\n    def __del__(self):\n        print('cleaned up')\n",
    "test/nfstest_lock": '''
from nfstest.test_util import TestUtil
TEST_CLIENT_DICT = {"two": 1}
class Lock(TestUtil):
    def __init__(self, **given):
        TestUtil.__init__(self, **given)
    def one_test(self):
        """Lock
           a file

           At length"""
    def two_test(self):
        pass
x = Lock(usage="%prog --server <server>", testnames=["both", "one", "two"], testgroups={"both": {"tests": ["one", "two"]}})
''',
    "test/nfstest_tool": "print('no test')\n",
}


class ListTests(unittest.TestCase):
    def ask(self, script):
        with tempfile.TemporaryDirectory() as root:
            for name, text in FILES.items():
                os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
                with open(os.path.join(root, name), "w") as stream:
                    stream.write(text)
            done = subprocess.run([sys.executable, PROGRAM, root, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertFalse(os.path.exists(os.path.join(root, "nfstest", "__pycache__")))
            return done

    def test_tests_groups_and_clients(self):
        self.assertEqual(json.loads(self.ask("nfstest_lock").stdout), {
            "usage": "%prog --server <server>",
            "tests": [{"name": "one", "description": "Lock a file", "clients": 0}, {"name": "two", "description": "", "clients": 1}],
            "groups": {"both": ["one", "two"]},
        })

    def test_a_tool_is_no_test(self):
        done = self.ask("nfstest_tool")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nfstest_tool makes no test object", done.stderr)


if __name__ == "__main__":
    unittest.main()
