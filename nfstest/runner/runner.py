#!/usr/bin/env python3
"""Stand-in until the real runner lands: runs the suite."""
import argparse, os, subprocess, sys
p = argparse.ArgumentParser()
for n in ('suite-root', 'script', 'host', 'port', 'mount-port', 'wait'):
    p.add_argument('--' + n)
p.add_argument('args', nargs=argparse.REMAINDER)
a = p.parse_args()
args = a.args[1:] if a.args[:1] == ['--'] else a.args
env = dict(os.environ, PYTHONPATH=a.suite_root, PATH=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
sys.exit(subprocess.call(['python3', '-u', os.path.join(a.suite_root, a.script), *args], env=env))
