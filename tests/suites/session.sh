#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The session: where standard input, output or error is redirected, the payload reaches nothing of the caller's terminal
# and job, and isorun is a job like any other of the shell. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../person.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax" -v "$tmp/o:/o")
mkdir "$tmp/o"
chmod 1777 "$tmp/o"

# Tries everything to get the terminal with the device number that is named, and writes what it got.
cat >"$tmp/attack.py" <<'PY'
import errno, fcntl, os, select, signal, sys, termios, time
device, sign = tuple(map(int, sys.argv[1:3])), sys.argv[3]
for s in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGHUP, signal.SIGTSTP): signal.signal(s, signal.SIG_IGN)
got, ttys, fds = set(), [], {}

def hold(fd, how):
    if not os.isatty(fd): return
    fds[fd] = how
    ttys.append(fd)
    st = os.fstat(fd)
    if (st.st_dev, st.st_rdev) == device: got.add("the caller's terminal by " + how)
def reopen(path, how):
    for flags in (os.O_RDWR, os.O_RDONLY, os.O_WRONLY):
        try: hold(os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK), how)
        except OSError: pass
def names(directory):
    try: return [os.path.join(directory, n) for n in os.listdir(directory)]
    except OSError: return []

for fd in range(3): hold(fd, "inheritance")
for fd in range(3): reopen(f"/proc/self/fd/{fd}", "its link")
for p in ("1", str(os.getppid())):
    for path in names(f"/proc/{p}/fd"): reopen(path, "another's link")
try: hold(os.open("/dev/tty", os.O_RDWR), "/dev/tty")
except OSError as e: got.add("no /dev/tty: " + errno.errorcode[e.errno])
for path in names("/dev") + names("/dev/pts"):
    if "ptmx" not in path and "/tty" in path or "/pts/" in path or path.endswith("console"): reopen(path, "its name")
for fd in ttys:
    st = os.fstat(fd)
    for what in ("setpgid", "setsid"):
        pid = os.fork()
        if pid == 0:
            # As a group or a session of its own: it takes the foreground, or the terminal.
            os.setpgid(0, 0) if what == "setpgid" else os.setsid()
            status = 0
            try: fcntl.ioctl(fd, termios.TIOCSCTTY, 1)
            except OSError: pass
            try: os.tcsetpgrp(fd, os.getpgrp())
            except OSError: pass
            os._exit(0)
        os.waitpid(pid, 0)
    try: os.write(fd, b"Password: ")
    except OSError: pass
open(sign, "w").write("ready")
while not os.path.exists(sign + ".typed"): time.sleep(0.02)
end = time.monotonic() + 0.5
typed = b""
while time.monotonic() < end:
    for fd in ttys:
        try: os.set_blocking(fd, False); typed += os.read(fd, 100)
        except OSError: pass
    time.sleep(0.01)
if b"secret" in typed: got.add("what was typed")
with open(sign + ".new", "w") as f: f.write("\n".join(sorted(got) + ["end"]))
os.rename(sign + ".new", sign + ".got") # whole at once
PY
chmod 644 "$tmp/attack.py"

# options...: for each way to redirect, what the program above gets in the background of an interactive shell.
test_attack_with() {
	# promise P23
	person "in the background it gets nothing of the caller's terminal, ${*:-by default}" -v "$tmp/attack.py:/attack.py:ro" "$@" <<'PY'
import glob
s = Shell()
st = os.stat(s.name)
outside = os.environ["O"]
for i, redirected in enumerate(("</dev/null >/dev/null 2>&1", ">/dev/null", "</dev/null", "2>/dev/null | cat >/dev/null")):
    for f in glob.glob(outside + "/a*"): os.unlink(f)
    s.type_line(f"{I} /usr/bin/python3 /attack.py {st.st_dev} {st.st_rdev} /o/a {redirected} &"); s.prompt()
    ready = eventually(lambda: os.path.exists(outside + "/a"))
    s.type_line("echo secret"); s.until("secret\r\nout$ ")
    open(outside + "/a.typed", "w").close()
    print(i, *(open(outside + "/a.got").read().split("\n") if eventually(lambda: os.path.exists(outside + "/a.got")) else ["nothing"]))
    print(os.tcgetpgrp(s.master) == s.pid, s.ask("echo alive")[0])
    s.type_line("wait"); s.prompt()
#= 0 no /dev/tty: ENXIO end
#= True alive
#= 1 end
#= True alive
#= 2 end
#= True alive
#= 3 end
#= True alive
s.end()
PY
}

test_attack() {
	rm -f "$tmp/o"/*
	test_attack_with
	test_attack_with -p Terminal=private
	test_attack_with -p RestrictNamespaces=no
	test_attack_with -p CapabilityBoundingSet=CAP_SYS_ADMIN
	test_attack_with -p PrivateDevices=no
	[ "${who[*]}" ] || test_attack_with -p User=nobody
}

# What is typed while standard input is not the terminal is not for the payload, whatever it prints; else it is.
test_typed() {
	# promise P23
	person "a password typed at its prompt, with standard input redirected, does not reach it" <<'PY'
for redirected in "</dev/null", "</dev/null >/dev/null", "</dev/null | cat":
    s = Shell()
    s.type_line(f"{I} /usr/bin/python3 -c 'import os; t = os.open(chr(47) + \"dev/tty\", 2); os.write(t, b\"Pass\" + b\"word: \"); os.write(2, b\"got %r\" % os.read(t, 9))' {redirected}")
    s.until("Password: "); s.type("secret\n"); time.sleep(0.3); s.read(0)
    s.type("\x03"); s.prompt()
    print(b"got b" in s.out, s.ask("echo alive")[0]) #= False alive
#= False alive
#= False alive
    s.end()
PY
	no_refusal person "what is typed reaches it if standard input is the terminal, and it reads" <<'PY'
for redirected in "| cat", "| cat | cat", ">/dev/stderr", "2>/dev/null | cat":
    s = Shell()
    s.type_line(f"{I} sh -c 'read x; echo got-$x-$((1+1)); read y; echo then-$y' {redirected}; echo end-$((1+1))")
    s.until("))\r\n")
    s.type("one\n"); s.until("got-one-2\r\n"); s.type("two\n"); s.until("then-two\r\n"); s.until("end-2"); s.prompt()
    print(s.ask("stty -a | grep -o ' -*icanon'")) #= ('icanon', 0)
#= ('icanon', 0)
#= ('icanon', 0)
#= ('icanon', 0)
    s.end()
PY
	no_refusal person "a pager behind it has the keyboard" <<'PY'
open(os.environ["O"] + "/pager", "w").write("""
import os, sys, termios, tty
t = os.open("/dev/tty", os.O_RDWR)
data = sys.stdin.buffer.read()
before = termios.tcgetattr(t)
tty.setcbreak(t)
os.write(1, b"%d lines, key? " % data.count(b"\\n"))
for _ in range(2): os.write(1, b"key %r\\n" % os.read(t, 1))
termios.tcsetattr(t, termios.TCSANOW, before)
""")
s = Shell()
pager = "/usr/bin/python3 " + os.environ["O"] + "/pager"
s.type_line(f"{I} sh -c 'echo warn-$((1+1)) >&2; seq 7000; sleep 0.2' | {pager}")
s.until("warn-2\r\n"); s.until("7000 lines, key? "); s.type("q"); s.until("key b'q'"); s.type("x"); s.until("key b'x'"); s.prompt()
s.type_line(f"{I} seq 5 | {I} sed s/^/x/ | {I} tail -n1"); s.until("\nx5\r\nout$ ")
s.end()
print("end") #= end
PY
	no_refusal person "a program in a pipe that sets its terminal up gets that" <<'PY'
s = Shell()
s.type_line(f"""x=$({I} /usr/bin/python3 -c 'import os, tty; tty.setraw(2); os.write(2, b"key?\\x41\\nB"); print(os.read(0, 1))'); echo "=$x="; stty -a | grep -o '[-]*opost'""")
s.until("key?A\nB"); s.type("k"); s.until("=b'k'=\r"); s.until("\nopost\r\n"); s.prompt()
s.end()
print("end") #= end
PY
}

test_jobs() {
	person "^Z and ^C reach it wherever its output goes, and all of its group" <<'PY'
def state(pid): return re.search(r"State:\s*(\S)", open(f"/proc/{pid}/status").read())[1]
for redirected in "</dev/null >$O/x 2>&1", "</dev/null >/dev/null", "</dev/null | cat", "| cat":
    s = Shell()
    s.type_line(f"{I} sh -c 'sleep 861; exit 9' {redirected}")
    for name in "^sh -c sleep 861", "^sleep 861$": eventually(lambda: pids(name))
    inside = pids("^sh -c sleep 861") + pids("^sleep 861$")
    s.type("\x1a"); s.until("Stopped"); s.prompt(); eventually(lambda: all(state(p) == "T" for p in inside))
    print(len(inside), *map(state, inside), s.ask("echo mine")[0])
    s.type_line("fg"); s.until("861"); eventually(lambda: all(state(p) == "S" for p in inside))
    s.type("\x03"); s.prompt(); print(eventually(lambda: not pids("^(sh -c )?sleep 861")))
    s.end()
#= 2 T T mine
#= True
#= 2 T T mine
#= True
#= 2 T T mine
#= True
#= 2 T T mine
#= True
PY
	person "in the background it runs, and kill, bg and fg work" <<'PY'
def state(pid): return re.search(r"State:\s*(\S)", open(f"/proc/{pid}/status").read())[1]
s = Shell()
s.type_line(f"{I} sleep 862 </dev/null >/dev/null 2>&1 &"); s.prompt()
p = eventually(lambda: pids("^sleep 862$"))[0]
s.type_line("kill -TSTP %1"); s.prompt(); s.job("Stopped"); eventually(lambda: state(p) == "T"); print(state(p)) #= T
s.type_line("bg"); s.prompt(); eventually(lambda: state(p) == "S"); print(state(p)) #= S
s.type_line("kill %1"); s.prompt(); s.job("143"); print(eventually(lambda: not pids("^sleep 862$"))) #= True
s.end()
PY
	person "a loop of a shell ends at ^C, as it does with the command itself" <<'PY'
s = Shell()
for command in "sleep 863", "--pty sleep 863", "sh -c 'sleep 863; :' >/dev/null", "sleep 863 </dev/null | cat":
    s.type_line("n=0; for i in 1 2 3; do n=$i; " + f"{I} {command}; done")
    eventually(lambda: pids("^sleep 863$")); time.sleep(0.1)
    s.type("\x03"); s.prompt(); eventually(lambda: not pids("^sleep 863$")); print(s.ask("echo $n")[0]) #= 1
#= 1
#= 1
#= 1
s.end()
t = Terminal("bash", "-c", f"for i in 1 2 3; do {I} sleep 864; echo again; done")
eventually(lambda: pids("^sleep 864$")); is_raw(t); t.type("\x03")
print(t.end(), t.killed, "again" in t.text()) #= 130 True False
PY
	person "it dies of SIGINT and SIGQUIT as the command did, without a core, and of nothing else" <<'PY'
import resource
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
os.chdir("/tmp")
for s in 2, 3, 15, 9, 6:
    t = Terminal(I, "sh", "-c", f"kill -{s} $$")
    print(t.end(), t.killed, t.dumped) #= 130 True False
#= 131 True False
#= 143 False False
#= 137 False False
#= 134 False False
t = Terminal(I, "sh", "-c", "exit 130"); print(t.end(), t.killed) #= 130 False
PY
	person "a SIGTERM that comes while a slow terminal shows the rest is not lost" <<'PY'
s = Shell()
s.type_line(f"{I} sh -c 'seq 3000; kill -TSTP $$; exec sleep 865'"); s.until("kill -TSTP")
pid = eventually(lambda: os.tcgetpgrp(s.master) != s.pid and os.tcgetpgrp(s.master))
def state(p): return re.search(r"State:\s*(\S)", open(f"/proc/{p}/status").read())[1]
eventually(lambda: any(state(p) == "T" for p in pids("^sh -c seq 3000")))
time.sleep(0.2); os.kill(pid, signal.SIGTERM); time.sleep(0.2)
s.until("Stopped"); s.prompt()
s.type_line("fg"); s.until("865'"); s.prompt(); print(s.ask("test $? = 143")[1], pids("^sleep 865$")) #= 0 []
s.end()
PY
	no_refusal person "it is told of a change of size, and its output goes by tostop" <<'PY'
s = Shell()
s.type_line(f"""{I} /usr/bin/python3 -c 'import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [28]); os.write(2, b"rea" + b"dy")
signal.sigwait([28]); os.write(2, b"%d x %d" % os.get_terminal_size(2))' </dev/null >/dev/null""")
s.until("ready"); s.resize(44, 88); s.until("88 x 44"); s.prompt()
s.type_line("stty tostop"); s.prompt()
s.type_line(f"{I} sh -c 'echo fore-$((1+1)) >&2' </dev/null >/dev/null"); s.until("fore-2\r\n"); s.prompt()
s.type_line(f"{I} sh -c 'echo back-$((1+1)) >&2' </dev/null >/dev/null &"); s.prompt(); s.job("Stopped")
print(b"back-2" in s.out) #= False
s.type_line("fg"); s.until("back-2\r\n"); s.prompt()
s.end()
PY
	person "a signal to isorun alone arrives once" <<'PY'
t = Terminal("bash", "-c", I + """ /usr/bin/python3 -c '
import os, signal
signals = {1, 2, 3, 10, 15}
signal.pthread_sigmask(signal.SIG_BLOCK, signals); print("ready", flush=True)
while True: print("got", signal.sigwait(signals), flush=True)
' </dev/null | cat""")
t.until("ready")
pid = pids("^[^ ]*isorun .*python3 -c")
for s in (1, 2, 3, 10, 15):
    os.kill(min(pid), s); t.until(f"got {s}")
time.sleep(0.2); t.read(0)
print(*[t.text().split().count(str(s)) for s in (1, 2, 3, 10, 15)]) #= 1 1 1 1 1
os.kill(min(pid), 9); t.end()
PY
}

# With Terminal=shared, the payload is in the caller's process group.
test_priority() {
	local setpriority ioprio_set
	setpriority=$(call_number setpriority) ioprio_set=$(call_number ioprio_set)
	# promise P23
	person "no priority outside can be changed" -p Terminal=shared -p "SystemCallFilter=@system-service" <<PY
before = os.getpriority(os.PRIO_PROCESS, 0)
out = subprocess.run([I, "/usr/bin/python3", "-c", """
import ctypes, errno, os
c = ctypes.CDLL(None, use_errno=True)
def call(*args): print(*args[1:3], errno.errorcode.get(ctypes.get_errno()) if c.syscall(*args) < 0 else "done")
for which in (1, 1 << 32 | 1, 2): call(ctypes.c_long($setpriority), ctypes.c_long(which), 0, 7)
for which in (2, 1 << 32 | 2, 3): call(ctypes.c_long($ioprio_set), ctypes.c_long(which), os.getuid() * (which == 3), 3 << 13)
"""], capture_output=True, text=True).stdout
print(*re.findall(r"\w+$", out, re.M)) #= EPERM EPERM EPERM EPERM EPERM EPERM
print(before == os.getpriority(os.PRIO_PROCESS, 0), os.popen("ionice").read().split(":")[0] != "idle") #= True True
PY
}

test_session() {
	scope=()
	test_attack
	test_typed
	test_jobs
	test_priority
	verified_start
}

as_everybody test_session
