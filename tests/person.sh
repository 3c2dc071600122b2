# SPDX-License-Identifier: LGPL-2.1-or-later
# Scripts of a person at a terminal, for the suites that source this with bash after lib.sh.

# A person at a terminal: each test is a script over this.
cat >"$tmp/person.py" <<'PY'
import fcntl, os, re, select, signal, struct, subprocess, sys, termios, time
I = os.environ["I"] # isorun, with the options of the test
PATIENCE = float(os.environ.get("TEST_PATIENCE", 20))

class Terminal:
    """A command in a terminal, which a person sits at."""
    def __init__(self, *argv, rows=33, columns=99, setup=None):
        self.out, self.seen = b"", 0
        self.master, slave = os.openpty()
        self.name = os.ttyname(slave)
        self.resize(rows, columns)
        if setup: setup(slave)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3): os.dup2(slave, fd)
            os.closerange(3, 100)
            os.execvp(argv[0], argv)
        os.close(slave)
    def read(self, patience):
        if not select.select([self.master], [], [], patience)[0]: return False
        try: data = os.read(self.master, 65536)
        except OSError: return False
        self.out += data
        return bool(data)
    def until(self, text):
        """Waits until text (or what matches it) is shown, after what was waited for before."""
        pattern = text if isinstance(text, re.Pattern) else re.compile(re.escape(text.encode()))
        end = time.monotonic() + PATIENCE
        while not (m := pattern.search(self.out, self.seen)):
            if time.monotonic() > end:
                print("waited for", pattern.pattern, "saw", self.out[self.seen:][-500:])
                sys.stdout.flush()
                os._exit(1)
            self.read(0.05)
        self.seen = m.end()
        return m
    def type(self, text): os.write(self.master, text if isinstance(text, bytes) else text.encode())
    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    def restored(self): return termios.tcgetattr(self.master) == self.before
    def end(self):
        """The exit status as a shell shows it, once all is shown."""
        end = time.monotonic() + PATIENCE
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid: break
            if time.monotonic() > end:
                os.kill(self.pid, 9)
                print("it does not end; seen", self.out[self.seen:][-500:])
            self.read(0.02)
        while self.read(0): pass
        self.dumped = os.WCOREDUMP(status)
        self.killed = os.WIFSIGNALED(status)
        return 128 + os.WTERMSIG(status) if self.killed else os.WEXITSTATUS(status)
    def text(self): return self.out.decode(errors="replace").replace("\r", "")

class Shell(Terminal):
    """A person at a shell, which has job control."""
    def __init__(self, **options):
        os.environ.update(TERM="dumb", PS1="out$ ")
        super().__init__("bash", "--norc", "--noprofile", "-i", **options)
        self.until("out$ ")
    def type_line(self, text): self.type(text + "\n")
    def prompt(self): self.until("out$ ")
    def job(self, state):
        """Waits until jobs(1), or the shell before a prompt, says that of the job."""
        since = self.seen # a shell says once that a job has ended
        def is_said():
            answer = self.ask("jobs")[0]
            return state in answer or state.encode() in self.out[since:self.seen]
        eventually(lambda: is_said() or time.sleep(0.1)) or self.until("no job is " + state)
    def ask(self, text):
        """What a command says."""
        self.type(text + "; echo =$?\n")
        m = self.until(re.compile(rb"\n(?:(.*?)\r?\n)?=(\d+)\r", re.S))
        self.prompt()
        return (m[1] or b"").decode().replace("\r", "").strip(), int(m[2])
    def end(self):
        self.type("\nexit 7\n")
        m = super().end
        return m()

def eventually(what):
    end = time.monotonic() + PATIENCE
    while not (r := what()):
        if time.monotonic() > end: return r
        time.sleep(0.02)
    return r
def pids(pattern): return [int(p) for p in subprocess.run(["pgrep", "-f", pattern], capture_output=True).stdout.split()]
def is_raw(t): return eventually(lambda: not termios.tcgetattr(t.master)[3] & termios.ISIG)
PY
chmod 644 "$tmp/person.py"

# what, options...: the script on standard input says what is expected behind "#=" in its lines.
person() {
	local what=$1 script expected
	shift
	script=$(cat)
	expected=$(sed -n 's/.*#= //p' <<<"$script")
	{ echo '#!/bin/sh'; printf 'exec'; printf ' %q' "$isorun" "${mode[@]}" ${scope[@]+"${scope[@]}"} "$@"; echo ' "$@"'; } >"$tmp/i"
	chmod 755 "$tmp/i"
	printf 'exec(open("%s/person.py").read())\n%s\n' "$tmp" "$script" >"$tmp/script.py"
	chmod 644 "$tmp/script.py"
	run "${who[@]}" env I="$tmp/i" O="$tmp/o" ISOCTL="$isoctl" TREE="${TREE-}" timeout 120 /usr/bin/python3 -u "$tmp/script.py"
	is "$label: $what" "$out$err" "$expected"
}
