#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The terminal: whose it is, that a shell inside is one like any other, and that isorun is a job like any other of the
# shell outside. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../person.sh"
mode=(--quiet -p "Optional=MemoryMax TasksMax")

test_own() {
	local options=$1
	shift
	person "it is the instance's own terminal, $options" "$@" <<'PY'
t = Terminal(I, "/usr/bin/python3", "-c", """
import os, stat
print("mine" if os.stat(os.ttyname(0)).st_uid == os.getuid() else "another's",
      *sorted({os.path.dirname(os.ttyname(fd)) for fd in range(3)}), len({os.ttyname(fd) for fd in range(3)}))
print("fds", *sorted(os.listdir("/proc/self/fd")))
print("by name", os.fstat(os.open(os.ttyname(0), os.O_RDWR | os.O_NOCTTY)).st_rdev == os.fstat(0).st_rdev)
print("of", "its" if os.fstat(0).st_dev == os.stat("/dev/pts").st_dev else "another's", "devpts")
os.write(os.open("/dev/tty", os.O_RDWR), b"controlling\\n")
print(os.get_terminal_size(), os.environ.get("LINES"), os.environ.get("COLUMNS"))
print("foreground", os.tcgetpgrp(0) == os.getpgrp())
import pty; print("another", os.ttyname(pty.openpty()[1]))
os._exit(4)
""")
print("status", t.end(), "restored", t.restored()) #= status 4 restored True
print(t.text().strip())
#= mine /dev/pts 1
#= fds 0 1 2 3
#= by name True
#= of its devpts
#= controlling
#= os.terminal_size(columns=99, lines=33) None None
#= foreground True
#= another /dev/pts/1
PY
}

# A root that holds little: python and all that it reads.
test_owns() {
	test_own "by default"
	test_own "with --pty" --pty
	test_own "with PrivateDevices=no" -p PrivateDevices=no
	test_own "with the host's network and CAP_SYS_ADMIN" -p PrivateNetwork=no \
		-p RestrictAddressFamilies= -p RestrictAddressFamilies=AF_INET -p CapabilityBoundingSet=CAP_SYS_ADMIN
	test_own "with --root none" --root none -v /usr:/usr:ro -p Symlink=/lib:usr/lib -p Symlink=/lib64:usr/lib64 \
		-p Symlink=/bin:usr/bin
	[ "${who[*]}" ] || test_own "with User=" -p User=nobody
	[ "${who[*]}" ] || test_own "with PrivateUsers=no" -p PrivateUsers=no
	has_private_ids || return 0
	test_own "with PrivateUsers=full" -p PrivateUsers=full
	test_own "with PrivateUsers=full and User=" -p PrivateUsers=full -p User=7
}

test_shell() {
	person "a shell inside has job control" <<'PY'
t = Terminal(I, "env", "PS1=in# ", "TERM=dumb", "bash", "--norc", "--noprofile", "-i")
t.until("in# ")
print("no complaint", b"job control" not in t.out) #= no complaint True
t.type("sleep 801\n"); t.until("801"); eventually(lambda: pids("^sleep 801$"))
t.type("\x1a"); t.until("Stopped"); t.until("in# ")
t.type("jobs\n"); t.until("Stopped"); t.until("in# ")
t.type("bg\n"); t.until("sleep 801 &"); t.until("in# ")
t.type("fg\n"); t.until("sleep 801"); t.until("\n")
time.sleep(0.2)
t.type("\x03"); t.until("in# ")
t.type("echo st=$?\n"); t.until("st=130"); t.until("in# ")
t.type("sleep 802\n"); eventually(lambda: pids("^sleep 802$")); t.type("\x1c"); t.until("Quit"); t.until("in# ")
t.type("stty -echo; echo e-$((1+1)); stty size\n"); t.until("e-2"); t.until("33 99"); t.until("in# ")
t.resize(44, 88)
t.type("stty size\n"); t.until("44 88")
t.type("exit 5\n")
print(t.end(), t.restored()) #= 5 True
PY
	person "... and terminals in it work" <<'PY'
t = Terminal(I, "script", "-qec", "stty size; tty; exit 6", "/dev/null")
print(t.end(), t.text().split(), t.restored()) #= 6 ['33', '99', '/dev/pts/1'] True
PY
	person "a change of size is told, and no signal but one" <<'PY'
t = Terminal(I, "/usr/bin/python3", "-c", """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL) # sigwait() lets no handler of Python run
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
print("ready", flush=True)
while True:
    signal.sigwait([signal.SIGWINCH])
    os.write(1, b"now %d %d\\n" % os.get_terminal_size())
""")
t.until("ready"); is_raw(t); t.resize(44, 88); t.until("now 88 44"); t.resize(22, 11); t.until("now 11 22"); t.type("\x03")
t.end()
print(t.text().count("now ")) #= 2
PY
	no_refusal person "the settings are the caller's" <<'PY'
def setup(fd):
    a = termios.tcgetattr(fd); a[6][termios.VERASE] = b"\x05"; a[0] &= ~termios.IXON; termios.tcsetattr(fd, termios.TCSANOW, a)
t = Terminal(I, "sh", "-c", "stty -a", setup=setup)
t.end()
print("erase = ^E" in t.text(), "-ixon" in t.text(), t.restored()) #= True True True
PY
	person "what is typed arrives as it is, all 256 bytes" <<'PY'
t = Terminal(I, "/usr/bin/python3", "-c", """
import os, tty
tty.setraw(0); os.write(1, b"ready")
got = b""
while len(got) < 5120: got += os.read(0, 5120)
os.write(1, b"same" if got == bytes(range(256)) * 20 else b"other")
got = bytes(range(256)) * 20
os.write(1, b"<" + got + b">")
""")
t.until("ready"); t.type(bytes(range(256)) * 20); t.until("same"); t.end()
print("and what is written", b"<" + bytes(range(256)) * 20 + b">" in t.out, t.restored()) #= and what is written True True
PY
	person "each key's signal arrives once" <<'PY'
t = Terminal(I, "/usr/bin/python3", "-c", """
import os, signal
signals = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP}
signal.pthread_sigmask(signal.SIG_BLOCK, signals) # a handler of Python's may wait for the end of pause()
print("ready", flush=True)
while True: os.write(1, b"got %d\\n" % signal.sigwait(signals))
""")
t.until("ready"); is_raw(t)
t.type("\x03"); t.until("got 2"); t.type("\x1c"); t.until("got 3")
for s in (2, 15, 1):
    os.kill(t.pid, s); t.until(f"got {s}")
time.sleep(0.3); t.read(0)
print(*[t.text().split().count(str(s)) for s in (2, 3, 15, 1)]) #= 2 1 1 1
os.kill(t.pid, 9)
PY
}

# The shell outside, with isorun as its job.
test_jobs() {
	person "^Z stops it, fg goes on, and the terminal is the shell's meanwhile" <<'PY'
s = Shell()
s.type_line(f"{I} bash -c 'echo start-$((1+1)); stty -echo; while read -r x; do echo got $x; stty size; done'")
s.until("start-2"); is_raw(s)
s.type("one\n"); s.until("got one"); s.until("33 99")
s.type("\x1a"); s.until("Stopped"); s.prompt()
print(s.ask("stty -a | grep -o ' -*icanon'")) #= ('icanon', 0)
s.resize(44, 88)
s.type_line("fg"); s.until("bash -c"); is_raw(s)
s.type("two\n"); s.until("got two"); s.until("44 88")
s.type("\x1a"); s.until("Stopped"); s.prompt()
s.type_line("bg"); s.until("&"); s.prompt(); s.job("Stopped") # since it reads
s.type_line("fg"); s.until("bash -c"); is_raw(s)
s.type("three\n"); s.until("got three"); s.until("44 88"); time.sleep(0.1)
s.type("\x03"); s.prompt()
print(s.ask("test $? = 130")[1]) #= 0
s.end()
PY
	person "SIGSTOP of the command stops it, too" <<'PY'
s = Shell()
s.type_line(f"{I} sh -c 'echo start-$((1+1)); exec sleep 811'"); s.until("start-2")
os.kill(eventually(lambda: pids("^sleep 811$"))[0], signal.SIGSTOP)
s.until("Stopped"); s.prompt()
s.type_line("fg"); s.until("sleep 811"); is_raw(s)
s.type("\x03"); s.prompt(); print(s.ask("test $? = 130")[1]) #= 0
s.end()
PY
	person "it is stopped itself, from outside" <<'PY'
s = Shell()
s.type_line(f"{I} bash -c 'echo start-$((1+1)); stty -echo; while read -r x; do echo got $x; done'"); s.until("start-2"); is_raw(s)
pid = os.tcgetpgrp(s.master)
os.kill(pid, signal.SIGSTOP); s.until("Stopped"); s.prompt()
s.type_line("fg"); s.until("bash -c"); is_raw(s); s.type("x\n"); s.until("got x")
os.kill(pid, signal.SIGTSTP); s.until("Stopped"); s.prompt()
s.type_line("kill %1"); s.prompt()
s.job("Exit 143")
print(s.ask("jobs")) #= ('', 0)
s.end()
PY
	person "a stop right after it was continued is not undone by that" <<'PY'
def status(pid, field): return re.search(field + r":\s*(\S+)", open(f"/proc/{pid}/status").read())[1]
s = Shell()
s.type_line(f"{I} sh -c 'echo start-$((1+1)); exec sleep 812'"); s.until("start-2"); is_raw(s)
pid = os.tcgetpgrp(s.master)
reaper = int(subprocess.run(["pgrep", "-P", str(pid)], capture_output=True).stdout)
command = eventually(lambda: pids("^sleep 812$"))[0]
for how in "key", "signal":
    os.kill(pid, signal.SIGSTOP); s.until("Stopped"); s.prompt()
    os.kill(reaper, signal.SIGSTOP); eventually(lambda: status(reaper, "State") == "T") # so that it is late
    s.type_line("fg"); s.until("sleep 812"); is_raw(s)
    if how == "key": s.type("\x1a")
    else: os.kill(pid, signal.SIGTSTP)
    time.sleep(0.2) # passed on too early, it stops the command by now
    os.kill(reaper, signal.SIGCONT)
    s.until("Stopped"); s.prompt(); print(how, status(command, "State")) #= key T
#= signal T
    s.type_line("fg"); s.until("sleep 812"); is_raw(s)
s.type("\x03"); s.prompt(); s.end()
PY
	person "a shell inside that is suspended stops it" <<'PY'
s = Shell()
s.type_line(f"{I} env PS1='in# ' bash --norc --noprofile -i"); s.until("in# ")
s.type("suspend\n"); s.until("Stopped"); s.prompt()
s.type_line("fg"); s.until("bash --norc"); s.type("echo back-$((1+1))\n"); s.until("back-2"); s.until("in# ")
s.type("exit 3\n"); s.prompt(); print(s.ask("test $? = 3")[1]) #= 0
s.end()
PY
	person "in the background it leaves the terminal alone until fg" <<'PY'
s = Shell()
s.type_line(f"{I} bash -c 'echo start-$((1+1)); stty -echo; read -r x; echo got $x' &")
s.until("start-2"); s.job("Stopped")
print(s.ask("echo mine")) #= ('mine', 0)
s.type_line("fg"); s.until("bash -c"); is_raw(s); s.type("hello\n"); s.until("got hello"); s.prompt()
s.type_line(f"{I} bash -c 'trap \"echo int; exit 9\" INT; while sleep 0.05; do :; done' & sleep 1"); s.prompt()
s.type_line("fg"); s.until("bash -c"); time.sleep(0.2); s.type("\x03"); s.until("int"); s.prompt()
print(s.ask("test $? = 9")[1]) #= 0
s.end()
PY
	person "... and what it writes there goes by stty tostop" <<'PY'
s = Shell()
s.type_line(f"{I} sh -c 'echo now-$((1+1))' & wait"); s.until("now-2"); s.prompt()
s.type_line("stty tostop"); s.prompt()
s.type_line(f"{I} sh -c 'echo later-$((1+1))' &"); s.prompt(); s.job("Stopped")
print(b"later-2" in s.out) #= False
s.type_line("fg"); s.until("later-2"); s.prompt()
s.end()
PY
	person "nobody could continue it, so that ^Z does nothing" <<'PY'
t = Terminal(I, "bash", "-c", "trap 'echo cont' CONT; echo ready; while sleep 0.05; do :; done")
t.until("ready"); is_raw(t); t.type("\x1a"); t.until("cont"); t.type("\x03")
print(t.end(), t.restored()) #= 130 True
PY
}

test_ends() {
	no_refusal person "all is shown before it ends" <<'PY'
t = Terminal(I, "seq", "200000")
print(t.end(), t.text().split() == [str(i) for i in range(1, 200001)], t.restored()) #= 0 True True
PY
	person "... at a terminal that is slow" <<'PY'
t = Terminal(I, "sh", "-c", "seq 5000; printf last")
time.sleep(1.5)
eventually(lambda: not pids("seq 5000$"))
while select.select([t.master], [], [], 2)[0]:
    try: data = os.read(t.master, 512)
    except OSError: break
    if not data: break
    t.out += data
    time.sleep(0.002)
    if b"last" in t.out: break
print(t.end(), t.text().split() == [str(i) for i in range(1, 5001)] + ["last"], t.restored()) #= 0 True True
PY
	person "... though others inside write for ever" <<'PY'
t = Terminal(I, "sh", "-c", "yes & exit 3")
print(t.end(), t.restored(), eventually(lambda: not pids("^yes$"))) #= 3 True True
PY
	person "a process that stays behind is ended" <<'PY'
t = Terminal(I, "sh", "-c", "(trap '' HUP; exec sleep 821) & sleep 0.2; exit 3")
print(t.end(), t.restored(), eventually(lambda: not pids("^sleep 821$"))) #= 3 True True
PY
	no_refusal person "a command that closes its terminal goes on" <<'PY'
t = Terminal(I, "sh", "-c", "echo before; exec <&- >&- 2>&-; sleep 0.3; exit 6")
print(t.end(), t.text().split(), t.restored()) #= 6 ['before'] True
PY
	person "the terminal is as it was after SIGTERM, SIGINT, SIGQUIT and SIGHUP" <<'PY'
for s, status in ((15, 143), (2, 130), (3, 131), (1, 129)):
    t = Terminal(I, "sh", "-c", "echo ready; exec sleep 822"); t.until("ready"); is_raw(t)
    os.kill(t.pid, s)
    print(t.end() == status, t.restored(), eventually(lambda: not pids("^sleep 822$"))) #= True True True
#= True True True
#= True True True
#= True True True
PY
	person "... and after SIGKILL of the command, and of the reaper" <<'PY'
t = Terminal(I, "sh", "-c", "echo ready; exec sleep 823"); t.until("ready"); is_raw(t)
os.kill(eventually(lambda: pids("^sleep 823$"))[0], 9)
print(t.end(), t.restored()) #= 137 True
t = Terminal(I, "sh", "-c", "echo ready; exec sleep 824"); t.until("ready"); is_raw(t)
os.kill(int(subprocess.run(["ps", "-o", "ppid=", str(eventually(lambda: pids("^sleep 824$"))[0])], capture_output=True).stdout), 9)
print(t.end(), t.restored(), eventually(lambda: not pids("^sleep 824$"))) #= 137 True True
PY
	person "a terminal that hangs up leaves nothing behind" <<'PY'
t = Terminal(I, "sh", "-c", "echo ready; exec sleep 825"); t.until("ready"); is_raw(t)
os.close(t.master); print(os.waitstatus_to_exitcode(os.waitpid(t.pid, 0)[1]), eventually(lambda: not pids("sleep 825$"))) #= 129 True
t = Terminal(I, "bash", "--norc", "-ic", "echo ready; sleep 826; echo no"); t.until("ready"); eventually(lambda: pids("^sleep 826$"))
os.close(t.master); os.waitpid(t.pid, 0); print(eventually(lambda: not pids("sleep 826$"))) #= True
t = Terminal("sh", "-c", f"trap '' HUP; {I} env --default-signal=HUP sh -c 'echo ready; exec sleep 828'; :"); t.until("ready"); is_raw(t)
os.close(t.master); os.waitpid(t.pid, 0); print(eventually(lambda: not pids("sleep 828$"))) #= True
s = Shell()
s.type_line(f"{I} sh -c 'echo start-$((1+1)); exec sleep 827'"); s.until("start-2"); eventually(lambda: pids("^sleep 827$")); s.type("\x1a"); s.until("Stopped")
os.close(s.master); os.waitpid(s.pid, 0); print(eventually(lambda: not pids("sleep 827$"))) #= True
PY
	person "a signal ends it though nobody reads the terminal" <<'PY'
t = Terminal(I, "sh", "-c", "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done"); t.until("y"); time.sleep(1)
os.kill(t.pid, 15)
print(eventually(lambda: not pids("^sh -c while :; do echo yy"))) #= True
print(os.waitstatus_to_exitcode(os.waitpid(t.pid, 0)[1])) #= 143
PY
}

# Whose terminal the fds are: of fds 0 to 2 the letter says c(aller's), p(rivate), or n(one).
cat >"$tmp/whose.py" <<'PY'
import os, sys
pts = os.stat("/dev/pts").st_dev if os.path.isdir("/dev/pts") else None
def whose(fd): return "n" if not os.isatty(fd) else "p" if os.fstat(fd).st_dev == pts else "c"
open(sys.argv[1], "w").write("".join(map(whose, range(3))) + "\n")
PY
chmod 644 "$tmp/whose.py"

test_whose() {
	person "whose terminal it is" -v "$tmp/whose.py:/whose.py:ro" <<'PY'
import tempfile
d = tempfile.mkdtemp()
i = I + " -v " + d + ":/out"
def whose(line):
    t = Terminal("bash", "-c", line.replace("ISORUN", i).replace("WHOSE", "/usr/bin/python3 /whose.py /out/a")); t.end()
    return open(d + "/a").read().strip() if os.path.exists(d + "/a") else t.text()
print(whose("ISORUN WHOSE")) #= ppp
print(whose("ISORUN WHOSE | cat")) #= pnp
print(whose("ISORUN WHOSE 2>/dev/null")) #= ppn
print(whose("ISORUN WHOSE </dev/null")) #= npp
print(whose("ISORUN --pty WHOSE | cat")) #= pnp
print(whose("echo | ISORUN --pty WHOSE")) #= npp
print(whose("ISORUN -p Terminal=private WHOSE </dev/null 2>&1 | cat")) #= nnn
print(whose("ISORUN -p Terminal=shared WHOSE")) #= ccc
print(whose("ISORUN --pty -p Terminal=shared WHOSE")) #= ccc
print(whose("ISORUN -p StandardOutput=null WHOSE")) #= pnp
print(whose("ISORUN -p Terminal=shared WHOSE </dev/null | cat")) #= nnc
print(whose("ISORUN --pty -p StandardInput=null -p StandardOutput=null WHOSE")) #= nnp
os.unlink(d + "/a")
print(whose("ISORUN --pty -p StandardInput=null WHOSE 2>&1 </dev/null | cat").strip())
#= isorun: --pty: none of standard input, output and error is a terminal
PY
	run "${who[@]}" "$isorun" "${mode[@]}" --pty true
	is "$label: --pty without a terminal" "$status $err" \
		"125 isorun: --pty: none of standard input, output and error is a terminal"
	run "${who[@]}" "$isorun" "${mode[@]}" -p Terminal=private echo fine
	no_refusal is "$label: Terminal=private without one" "$status $out$err" "0 fine"
	person "the plan says whose it is" <<'PY'
def plan(options):
    t = Terminal("bash", "-c", f"{I} --dry-run --verbose {options} | grep -a '^  Terminal'") if "cat" in options else Terminal("bash", "-c", f"{I} {options} --dry-run --verbose true")
    t.end(); print(*[" ".join(l.split()) for l in t.text().splitlines() if l.startswith("  Terminal")])
plan("") #= Terminal private, as fd 0 fd 1 fd 2
plan("--pty") #= Terminal private, as fd 0 fd 1 fd 2 # --pty
plan("-p Terminal=shared") #= Terminal shared # -p
PY
	run "${who[@]}" "$isorun" "${mode[@]}" --dry-run --verbose true
	like "$label: ... without a terminal" "$out" "*  Terminal *private, but none of fds 0 to 2 is a terminal*"
	run "${who[@]}" "$isorun" "${mode[@]}" --dry-run --verbose -p Terminal=private true
	like "$label: ... or with nothing to do" "$out" "*  Terminal *private, but none of fds 0 to 2 is a terminal   # -p*"
	person "in a pipeline ^C and ^Z reach it, and the others" <<'PY'
s = Shell()
s.type_line(f"sleep 831 | {I} --pty sh -c 'echo start-$((1+1)); exec sleep 832'"); s.until("start-2"); time.sleep(0.3)
s.type("\x1a"); s.until("Stopped"); s.prompt()
s.type_line("fg"); s.until("sleep 832"); time.sleep(0.3)
s.type("\x03"); s.prompt(); print(s.ask("test $? = 130")[1], eventually(lambda: not pids("^sleep 83"))) #= 0 True
s.type_line(f"{I} --pty sh -c 'echo start-$((1+1)) >/dev/tty; exec sleep 833' | cat"); s.until("start-2"); is_raw(s)
s.type("\x1a"); s.until("Stopped"); s.prompt(); s.type_line("fg"); s.until("sleep 833"); is_raw(s)
s.type("\x03"); s.prompt(); print(eventually(lambda: not pids("^sleep 83"))) #= True
s.end()
PY
}

# What a payload would try to have something typed for it.
cat >"$tmp/escape.py" <<'PY'
import errno, fcntl, os, sys, termios
said = set()
fds = [int(n) for n in os.listdir("/proc/self/fd")]
for path in ["/dev/tty", "/dev/stdin"] + ["/dev/pts/" + n for n in os.listdir("/dev/pts")]:
    try: fds.append(os.open(path, os.O_RDWR | os.O_NOCTTY))
    except OSError: pass
for fd in fds:
    try: os.isatty(fd)
    except OSError: continue
    for request, argument in ((termios.TIOCSTI, b"E"), (0x541C, b"\2E"), ((1 << 32) | termios.TIOCSTI, b"E")):
        try:
            for c in b"ESCAPED\n": fcntl.ioctl(fd, request & 0xffffffff, bytes([c]))
            said.add("done")
        except OSError as e: said.add(errno.errorcode[e.errno])
print(*sorted(said), flush=True)
PY
chmod 644 "$tmp/escape.py"

test_escape() {
	local terminal
	for terminal in private shared; do
		person "nothing is typed for it, Terminal=$terminal" -v "$tmp/escape.py:/escape.py:ro" -p "Terminal=$terminal" <<'PY'
s = Shell()
s.type_line(f"{I} /usr/bin/python3 /escape.py"); s.until(re.compile(rb"\n([A-Z ]+)\r")); s.prompt()
print(*re.findall(r"\n([A-Z ]+)\n", s.text())) #= EPERM
time.sleep(0.2); s.read(0)
print(b"ESCAPED" in s.out) #= False
s.end()
PY
	done
	person "the caller's terminal is not held by anything inside" -p PrivateDevices=no <<'PY'
t = Terminal(I, "/usr/bin/python3", "-c", """
import os
print("ready", os.getpid(), flush=True)
me = os.fstat(0)
print("own", all(os.fstat(int(fd)).st_dev == me.st_dev for fd in os.listdir("/proc/self/fd") if int(fd) < 3))
print("names", *sorted(os.listdir("/dev/pts")), flush=True)
input()
""")
t.until("names 0 ptmx")
inside = [p for p in pids("python3 -c.import os") + pids("isorun.*python3 -c.import os")]
held = {p for p in pids("import os\n*print..ready") if p != os.getpid() and p != t.pid
        for fd in os.listdir(f"/proc/{p}/fd") if os.path.exists(f"/proc/{p}/fd/{fd}")
        and os.stat(f"/proc/{p}/fd/{fd}").st_rdev == os.stat(t.name).st_rdev and os.stat(f"/proc/{p}/fd/{fd}").st_dev == os.stat(t.name).st_dev} if os.getuid() == 0 else set()
print(len(held)) #= 0
t.type("\n"); t.end()
print([l for l in t.text().splitlines() if l.startswith("own")]) #= ['own True']
PY
}

test_others() {
	person "isoctl enter gives it another terminal" --name one <<'PY'
t = Terminal(I, "sh", "-c", "echo ready; read x"); t.until("ready")
ctl = os.environ["ISOCTL"]
e = Terminal(ctl, "enter", "one", "sh", "-c", "tty; stty size; exit 5", rows=20, columns=50)
print(e.end(), e.text().split(), e.restored()) #= 5 ['/dev/pts/1', '20', '50'] True
e = Terminal(ctl, "enter", "one", "sh", "-c", "echo in; exec sleep 841"); e.until("in"); is_raw(e); e.type("\x03")
print(e.end(), e.restored()) #= 130 True
t.type("\n"); print(t.end()) #= 0
PY
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree"/{bin,proc,dev,tmp,run,var,etc}
	cp /bin/busybox "$tmp/tree/bin/"
	[ -z "${who[*]}" ] || chown -R "$TH_USER" "$tmp/tree"
	person "isoctl top --once ends by itself" <<'PY'
t = Terminal(os.environ["ISOCTL"], "top", "--once")
print(t.end(), "\x1b[?1049" in t.text(), t.restored()) #= 0 False True
PY
	TREE=$tmp/tree person "isoctl build has the same" <<'PY'
s = Shell()
s.type_line(f"{os.environ['ISOCTL']} build --root {os.environ['TREE']} -- /bin/busybox ash -c 'busybox tty; busybox stty size; exec busybox sleep 842' 2>/dev/null")
s.until("33 99"); is_raw(s)
s.type("\x1a"); s.until("Stopped"); s.prompt(); s.type_line("fg"); s.until("sleep 842"); is_raw(s)
s.type("\x03"); s.prompt(); print(s.ask("test $? = 130")[1]) #= 0
s.end()
PY
}

test_terminal() {
	local name=$label
	scope=()
	label="$name, scope"
	test_own "by default"
	test_shell
	test_jobs
	test_ends
	test_owns
	test_whose
	test_escape
	test_others
	verified_start
	scope=(--no-scope)
	label="$name, no scope"
	test_own "by default"
	test_shell
	test_jobs
	test_ends
	label=$name
}

# What a start without a terminal does not do. SIGRT_1 is glibc's, for the thread that begins with the unit.
test_costs() {
	if ! strace -f -o "$tmp/trace" true 2>/dev/null; then
		skip "a start without a terminal makes none" "strace cannot trace here"
		return
	fi
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run strace -f -o "$tmp/trace" "$isorun" "${mode[@]}" true
	is "a start without a terminal makes none, a session and a group, and no timer" "$status $(grep -v ' resumed>' "$tmp/trace" | grep -cE \
		'open.*ptmx|TIOC|TCSET|setsid|setpgid|timer_create|setitimer|rt_sigaction\(SIGRT(MIN|_[2-9])')" "0 2"
}

as_everybody test_terminal
test_costs
