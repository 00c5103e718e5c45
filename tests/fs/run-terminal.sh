#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# At a terminal, ^C reaches the command of pscalefs run once, and ^Z stops both until they are continued.
. "$(dirname "$0")/runs.bash"

# The test is the shell: it makes a terminal, starts the runner in a process group of its own, and waits.
run python3 - "$work/got" "${command[@]:2}" run python3 -c '
import os, signal, sys
got = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
signal.signal(signal.SIGINT, lambda *_: os.write(got, b"INT "))
signal.signal(signal.SIGCONT, lambda *_: os.write(got, b"CONT "))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
print("ready", flush=True)
while True:
    signal.pause()
' "$work/got" <<'EOS'
import os, pty, signal, sys, time
got, command = sys.argv[1], sys.argv[2:]
def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.02)
def count(word):
    return open(got).read().split().count(word) if os.path.exists(got) else 0
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    runner = os.fork()
    if runner == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(command[0], command)
    _, status = os.waitpid(runner, os.WUNTRACED)
    assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTSTP, status
    print("stopped", flush=True)
    os.kill(-runner, signal.SIGCONT)
    _, status = os.waitpid(runner, os.WUNTRACED)
    print("status", os.waitstatus_to_exitcode(status), runner, flush=True)
    os._exit(0)
said = b""
def says(word):
    global said
    while word not in said:
        said += os.read(terminal, 4096)
says(b"ready")
os.write(terminal, b"\x03")
until(lambda: count("INT") > 0)
os.write(terminal, b"\x1a")
says(b"stopped")
until(lambda: count("CONT") > 0)
os.write(terminal, b"\x03")
until(lambda: count("INT") > 1)
assert count("INT") == 2, open(got).read()
runner = int(open(f"/proc/{pid}/task/{pid}/children").read().split()[0])
os.kill(runner, signal.SIGTERM)
says(b"status 9")
print("done")
EOS
assert_eq "0 done" "$status $output" "$message"
assert_eq '' "$(ls -A "$work/tmp")"
