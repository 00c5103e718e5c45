#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Random shell commands by four workers, judged by what the emulator says happened. What is right is
what pscalefs(5) says, and nothing else is known here of how it is done.

  shell_stress.py --mount DIRECTORY --control URL --seed N --rounds N --work DIRECTORY

Each worker has a token for itself, which no one else changes: after a command that reports success
(with sync after a redirection that replaces) it has what the command says. After one that fails the
scopes that it named may be granted or not. A token that all workers share is only granted to. No scope
of any token changes that no command named.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request

SCOPES = ["connect_branch", "create_branch", "delete_branch", "delete_branch_password", "read_backups",
          "read_branch", "read_comment", "read_database", "write_database"]
DATABASES = ["blog", "shop"]
WORKERS = 4
FAULTS = [{"status": s} for s in (400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504)] + [
    {"status": 500, "apply": True}, {"status": 502, "apply": True}, {"status": 504, "apply": True},
    {"close": "before"}, {"close": "after"}, {"close": "idle"}, {"reset": True},
    {"reset": True, "apply": True}, {"truncate": 20}, {"truncate": 0}, {"delay_ms": 60},
    {"delay_ms": 1500}, {"stall_ms": 60}, {"body": ""}, {"body": "{}"}, {"body": "<html>502</html>"},
    {"silence": True}, {"silence": True, "apply": True}]
SWITCHES = [{}, {}, {"changes_answered": "page"}, {"changes_answered": "202"},
            {"changes_answered": "page-undone"}, {"changes_answered": "202-undone"},
            {"access_applies": "first"}, {"read_lag_ms": 1500}, {"read_lag_ms": 3000, "replicas": 2},
            {"access_post_answer": "empty"}, {"get_accesses": "absent"}]


def now():
    return time.clock_gettime(time.CLOCK_MONOTONIC) * 1000


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(options.control + path, data=data, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


class Command:
    """What was run, what it may change, and what its success says."""

    def __init__(self, text, token, database=None):
        self.text, self.token, self.database = text, token, database
        self.grant, self.revoke = set(), set()  # on token and database
        self.everywhere = False  # revokes on every database of the token
        self.makes = self.deletes = False
        self.says = {}  # scope: granted or not, after success
        self.output = None  # of cat: checked against what is known
        self.seen = set()  # granted at some time meanwhile
        self.begin = self.end = self.status = None

    def __str__(self):
        return "%.0f..%.0f [%s] %s" % (self.begin - start, self.end - start, self.status, self.text)


class Worker(threading.Thread):
    def __init__(self, number, commands):
        super().__init__()
        self.number, self.commands = number, commands
        self.random = random.Random("%d/%d/%d" % (options.seed, rounds, number))
        self.own, self.volatile = "own%d" % number, "new%d" % number
        self.local = "%s/local%d" % (options.work, number)
        self.done = []

    def pick(self, most):
        return self.random.sample(SCOPES, self.random.randint(1, most))

    def path(self, token, database):
        return "acme/service-tokens/%s/databases/%s/permissions" % (token, database)

    def choose(self):
        r = self.random
        token = self.volatile if r.random() < 0.25 else self.own
        database = r.choice(DATABASES)
        file = self.path(token, database)
        some, one = self.pick(3), r.choice(SCOPES)
        words = " ".join(some)
        lines = "printf '%%s\\n' %s" % words

        def edit(text, grant=(), revoke=()):
            c = Command(text, token, database)
            c.grant, c.revoke = set(grant), set(revoke)
            c.says = {**{s: True for s in grant}, **{s: False for s in revoke}}
            return c

        def whole(text, scopes):
            return edit(text, scopes, set(SCOPES) - set(scopes))

        def filtered(text):  # what else stands in the file stays as it is read
            c = edit(text, (), [one])
            c.rewrites = True
            return c

        def about_token(text, makes=False, deletes=False, everywhere=False):
            c = Command(text, self.volatile)
            c.makes, c.deletes, c.everywhere = makes, deletes, everywhere
            return c

        def copy():
            c = Command("cp %s %s && sync %s" % (self.path(self.own, "blog"), self.path(self.own, "shop"),
                                                 self.path(self.own, "shop")), self.own, "shop")
            c.copies = (self.own, "blog")
            c.grant, c.revoke = set(SCOPES), set(SCOPES)
            return c

        def shared():
            c = Command("echo %s >> %s" % (one, self.path("shared", database)), "shared", database)
            c.grant, c.says = {one}, {one: True}
            return c

        def cat():
            c = Command("cat %s" % file, token, database)
            c.output = True
            return c

        scratch = os.path.dirname(file) + "/permissions.tmp"
        table = [
            (10, lambda: edit("echo %s >> %s" % (words, file), some)),
            (6, lambda: edit("echo -%s >> %s" % (one, file), (), [one])),
            (3, lambda: edit("echo -%s > %s" % (one, file), (), [one])),
            (3, lambda: edit("echo +%s > %s" % (one, file), [one])),
            (8, lambda: whole("echo %s > %s && sync %s" % (words, file, file), some)),
            (4, lambda: whole("bash -c '{ %s; } > %s' && sync %s" % (lines.replace("'", "'\\''"), file, file), some)),
            (3, lambda: whole("%s | tee %s > /dev/null && sync %s" % (lines, file, file), some)),
            (2, lambda: edit("set -o pipefail; %s | tee -a %s > /dev/null" % (lines, file), some)),
            (3, lambda: whole(": > %s && sync %s" % (file, file), [])),
            (2, lambda: whole("truncate -s 0 %s && sync %s" % (file, file), [])),
            (3, lambda: whole("rm %s" % file, [])),
            (3, lambda: whole("rm -r %s" % os.path.dirname(file), [])),
            (1, lambda: Command("rmdir %s" % os.path.dirname(file), token, database)),
            (4, lambda: filtered("sed -i '/^%s$/d' %s" % (one, file))),
            (3, lambda: filtered("sed '/^%s$/d' %s > %s && sync %s" % (one, file, file, file))),
            (2, lambda: filtered("vim -es -u NONE -i NONE -c 'g/^%s$/d' -c wq %s </dev/null && sync %s" %
                                 (one, file, file))),
            (2, lambda: Command("sort -r -o %s %s && sync %s" % (file, file, file), token, database)),
            (4, lambda: whole("%s > %s && cp %s %s && sync %s" % (lines, self.local, self.local, file, file), some)),
            (3, lambda: whole("%s > %s && mv %s %s" % (lines, scratch, scratch, file), some)),
            (3, copy),
            (6, cat),
            (1, lambda: Command("! echo %s > %ss" % (one, file), token, database)),
            (1, lambda: Command("find acme/service-tokens -delete; true", token)),
            (4, lambda: about_token("mkdir acme/service-tokens/" + self.volatile, makes=True)),
            (2, lambda: about_token("rm -r acme/service-tokens/" + self.volatile, deletes=True, everywhere=True)),
            (1, lambda: about_token("rmdir acme/service-tokens/" + self.volatile, deletes=True)),
            (2, lambda: Command("ls acme/service-tokens", token)),
            (4, shared),
        ]
        return r.choices([t[1] for t in table], [t[0] for t in table])[0]()

    def run(self):
        for _ in range(self.commands):
            c = self.choose()
            c.begin = now()
            p = subprocess.run(["bash", "-c", c.text], cwd=options.mount, capture_output=True, text=True,
                               timeout=120)
            c.end, c.status = now(), p.returncode
            if c.output:
                c.output = p.stdout
            self.done.append(c)


class Truth:
    """What is granted, by token and database, as the emulator's events have it."""

    def __init__(self):
        self.read()
        control("DELETE", "/events")

    def read(self):
        self.names, self.granted, self.alive = {}, {}, {}
        for organization in control("GET", "/state")["organizations"]:
            for t in organization["tokens"]:
                self.names[t["id"]] = t["name"]
                self.alive[t["name"]] = self.alive.get(t["name"], 0) + 1
                for g in t["grants"]:
                    if g["kind"] == "database":
                        self.of(t["name"], g["resource_name"]).update(g["accesses"])

    def of(self, token, database):
        return self.granted.setdefault((token, database), set())

    def apply(self, e):
        """Returns (token, database, added, removed); database None: the token itself."""
        kind, _, name = e["resource"].partition("/")
        added, removed = set(e["added"]), set(e["removed"])
        if kind == "ServiceToken":
            self.names[e["token"]] = name
            self.alive[name] = self.alive.get(name, 0) + (1 if added else -1)
            return name, None, added, removed
        token = self.names.get(e["token"], "?")
        if kind == "Database":
            self.of(token, name).difference_update(removed)
            self.of(token, name).update(added)
        return token, name, added, removed


class Judge:
    def __init__(self, truth, events, workers):
        self.truth, self.events, self.workers = truth, events, workers
        self.known = {k: {s: s in v for s in SCOPES} for k, v in truth.granted.items()}
        self.maybe = {}  # (token, database): (granted, revoked) by what failed
        self.deletions = {e["request"] for e in events
                          if e["resource"].startswith("ServiceToken/") and e["removed"]}
        self.wrong = []

    def complain(self, command, text):
        self.wrong.append("%s\n    %s" % (text, command))

    def known_of(self, token, database):
        return self.known.setdefault((token, database), {s: False for s in SCOPES})

    def prepare(self, c):
        """What a command may do that depends on what it finds."""
        known = self.known_of(c.token, c.database) if c.database else {}
        if hasattr(c, "rewrites") or "sort" in c.text:
            unknown = {s for s, v in known.items() if v is None}
            c.grant |= unknown
            c.revoke |= unknown
        if hasattr(c, "copies"):
            c.says = {s: v for s, v in self.known_of(*c.copies).items() if v is not None}
            c.grant = {s for s in SCOPES if c.says.get(s) is not False}
            c.revoke = {s for s in SCOPES if c.says.get(s) is not True}
        if c.output is not None and c.status == 0:
            lines = c.output.splitlines()
            if lines != sorted(set(lines)):
                self.complain(c, "not sorted: %s" % lines)
            for s, v in known.items():
                if v is not None and v != (s in lines):
                    self.complain(c, "%s is %s, but it says %s" % (s, v, lines))

    def allowed(self, c, token, database, added, removed):
        grants, revokes = self.maybe.get((token, database), (set(), set()))
        if c is not None and c.token == token and (c.database == database or c.everywhere):
            grants = grants | c.grant
            revokes = revokes | (set(SCOPES) if c.everywhere else c.revoke)
        if database is None:
            tokens = self.maybe.get(token, set())
            return ("made" if added else "deleted") in tokens or c is not None and c.token == token and (
                c.makes if added else c.deletes)
        return added <= grants and removed <= revokes

    def note(self, c):
        """After the command: what is known now."""
        if c.database:
            known = self.known_of(c.token, c.database)
            for s in c.grant | c.revoke:
                known[s] = c.says.get(s) if c.status == 0 else None
            if c.status != 0:
                g, r = self.maybe.get((c.token, c.database), (set(), set()))
                self.maybe[c.token, c.database] = (g | c.grant, r | c.revoke)
        if c.makes or c.deletes:
            if c.status != 0:
                self.maybe.setdefault(c.token, set()).add("made" if c.makes else "deleted")
            for d in DATABASES:
                known = self.known_of(c.token, d)
                for s in SCOPES:
                    if c.status == 0:
                        known[s] = False
                    elif c.everywhere:
                        known[s] = None
                if c.status != 0 and c.everywhere:
                    self.maybe[c.token, d] = (self.maybe.get((c.token, d), (set(), set()))[0], set(SCOPES))

    def run(self):
        # Of one millisecond: what ended, ended after what happened, and before the next began.
        steps = [(int(c.begin), 3, c) for w in self.workers for c in w.done]
        steps += [(max(int(c.end), int(c.begin) + 1), 2, c) for w in self.workers for c in w.done]
        steps += [(e["clock"], 1, e) for e in self.events]
        for at, kind, x in sorted(steps, key=lambda s: s[:2]):
            if kind == 1:
                self.event(x)
            elif kind == 2:
                self.ended(x)
            else:
                self.prepare(x)
                x.seen |= self.truth.of(x.token, x.database) if x.database else set()
        return self.wrong

    def event(self, e):
        token, database, added, removed = self.truth.apply(e)
        during = [c for w in self.workers for c in w.done
                  if c.token == token and int(c.begin) <= e["clock"] <= c.end]
        if database is None and removed:
            for d in DATABASES:
                self.truth.of(token, d).clear()
        if token == "shared":  # several at once, and what failed may come later
            asked = {s for w in self.workers for c in w.done if c.token == token and c.begin <= e["clock"] + 1
                     and c.database == database for s in c.grant}
            for c in during:
                c.seen |= added if c.database == database else set()
            if not removed and added <= asked:
                return
        elif database is not None and e["request"] in self.deletions:
            return
        elif any(self.allowed(c, token, database, added, removed) for c in during + [None]):
            return
        self.wrong.append("at %.0f, request %s: unasked on %s/%s: +%s -%s; meanwhile\n    %s" % (
            e["clock"] - start, e["request"], token, database, sorted(added), sorted(removed),
            "\n    ".join(map(str, during))))

    def ended(self, c):
        if c.status == 0 and c.database:
            is_so = self.truth.of(c.token, c.database)
            for s, v in c.says.items():
                if v is not None and v != (s in is_so) and not (c.token == "shared" and s in c.seen):
                    self.complain(c, "%s is %sgranted" % (s, "" if s in is_so else "not "))
            if c.text.startswith("rmdir") and is_so:
                self.complain(c, "it removed what is not empty: %s" % sorted(is_so))
        if c.status == 0 and c.makes and not self.truth.alive.get(c.token):
            self.complain(c, "there is no such token")
        if c.status == 0 and c.deletes and self.truth.alive.get(c.token) and not self.maybe.get(c.token):
            self.complain(c, "the token lives")
        if c.token != "shared":
            self.note(c)


def disturb(workers, r):
    while any(w.is_alive() for w in workers):
        time.sleep(0.05)
        if r.random() < 0.2:
            control("DELETE", "/faults")
        fault = dict(r.choice(FAULTS), method=r.choice(["GET", "POST", "*", "DELETE"]),
                     path=r.choice(["*", "*/access", "*/service-tokens", "*/service-tokens/*"]),
                     skip=r.randint(0, 2), count=r.randint(1, 2))
        control("POST", "/faults", fault)


def settle():
    """What was accepted by a close and is not done yet ends before its file opens again."""
    for token in ["shared"] + [n + str(i) for i in range(WORKERS) for n in ("own", "new")]:
        for database in DATABASES:
            subprocess.run(["sync", "acme/service-tokens/%s/databases/%s/permissions" % (token, database)],
                           cwd=options.mount, capture_output=True)


def run_round(r):
    # A name that two tokens have, as after a mkdir of unknown outcome, is none.
    for i in range(WORKERS):
        for organization in control("GET", "/state")["organizations"]:
            for t in [t for t in organization["tokens"] if t["name"] == "new%d" % i][1:]:
                control("POST", "/data", {"op": "delete-token", "id": t["id"]})
    with open(options.mount + "/.pscalefs/refresh", "w") as f:
        f.write("\n")
    truth = Truth()
    workers = [Worker(i, 12) for i in range(WORKERS)]
    switch = r.choice(SWITCHES)
    if switch:
        control("POST", "/switch", {k: str(v) if isinstance(v, int) else v for k, v in switch.items()})
    for w in workers:
        w.start()
    disturb(workers, r)
    for w in workers:
        w.join()
    control("DELETE", "/faults")
    control("DELETE", "/switches")
    settle()
    wrong = Judge(truth, control("GET", "/events?tokens=1"), workers).run()
    if wrong:
        print("round %d, switches %s" % (rounds, switch))
        print("\n".join("VIOLATION: " + w for w in wrong))
        for w in workers:
            print("worker %d\n  " % w.number + "\n  ".join(map(str, w.done)))
    done = [c for w in workers for c in w.done]
    return len(wrong), len(done), sum(c.status == 0 for c in done)


parser = argparse.ArgumentParser()
for option in ("mount", "control", "work"):
    parser.add_argument("--" + option, required=True)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--rounds", type=int, default=20)
options = parser.parse_args()
start, rounds, wrong, commands, succeeded = now(), 0, 0, 0, 0
for name in ["shared"] + ["own%d" % i for i in range(WORKERS)]:
    control("POST", "/data", {"op": "add-token", "name": name})
while rounds < options.rounds and not wrong:
    rounds += 1
    result = run_round(random.Random("%d/%d" % (options.seed, rounds)))
    wrong, commands, succeeded = result[0], commands + result[1], succeeded + result[2]
print("seed %d: %d rounds, %d commands, %d succeeded, %d violations, %.1f s" % (
    options.seed, rounds, commands, succeeded, wrong, (now() - start) / 1000))
sys.exit(wrong > 0)
