#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a payload can and cannot do: each security promise, tried from inside, as root and as a user.
. "$(dirname "$0")/../lib.sh"
# Its checks of Nice= need the usual priority, which a user cannot get back.
renice -n 0 -p $$ >/dev/null 2>&1

probe=$tmp/probe.py
cat "$top/tests/calls.py" - >"$probe" <<'PY'
import errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *args):
    """The errno of a system call, by name, or "ok"."""
    n = name if isinstance(name, int) else number(name)
    ctypes.set_errno(0)
    r = libc.syscall(n, *[ctypes.c_ulong(a) if isinstance(a, int) else a for a in args])
    return "ok" if r >= 0 else errno.errorcode[ctypes.get_errno()]

def attempt(f, *args):
    try:
        f(*args)
        return "ok"
    except OSError as e:
        return errno.errorcode[e.errno]

print(eval(sys.argv[1]))
PY
chmod 644 "$probe"

expect() { # description, expected output, options..., Python expression
	box -v "$probe:/probe.py:ro" "${@:3:$#-3}" /usr/bin/python3 /probe.py "${@: -1}"
	is "$label: $1" "$status $out" "0 $2"
}

test_files() {
	local writable

	shell "the root is mounted once, read-only" "ro,nosuid,nodev" \
		'while read -r a b c d e f g; do [ "$e" = / ] && echo "$f"; done </proc/self/mountinfo | cut -d, -f1-3'
	# promise P1
	shell "nothing of the host can be written" "" \
		'for d in / /etc /usr /usr/bin /usr/lib /opt /srv /mnt /media /home /root /boot /sys /proc /dev; do
			if [ $d != "$HOME" ] && touch $d/x 2>/dev/null; then echo $d; fi; done'
	shell "nor where the mounts say so is it by Landlock only" "" \
		'for f in /etc/passwd /etc/hosts /bin/sh /proc/sys/kernel/core_pattern /proc/sysrq-trigger; do
			(: >>$f) 2>/dev/null && echo $f; done; :'
	shell "what is private is empty and in memory" "tmpfs tmpfs tmpfs tmpfs" \
		'for d in /tmp /run /var /dev/shm; do touch $d/x && stat -fc %T $d; done | tr "\n" " " | sed "s/ $//"'
	shell "/tmp of the host is not seen" "" "ls $tmp 2>/dev/null"
	# promise P2
	shell "/home, /root and /boot are empty" "" 'find /home /root /boot -mindepth 1 ! -path "$HOME"'
	shell "there is a home directory, in memory and the payload's own" "tmpfs 700 done" \
		'echo $(stat -fc %T ~) $(stat -c %a ~) $(mkdir -p ~/.cache/x && echo done)'
	shell "there is no /sys" "" 'ls -A /sys'
	# promise P7
	shell "/dev holds what it should" \
		"fd full null ptmx pts random shm stderr stdin stdout tty urandom zero" 'echo $(ls -A /dev)'
	no_refusal shell "/dev/null, zero and urandom work" "3 3" \
		'echo x >/dev/null; echo $(head -c3 /dev/zero | wc -c) $(head -c3 /dev/urandom | wc -c)'
	no_refusal expect "a new terminal can be had" ok 'attempt(os.openpty)'
	shell "/etc/shadow cannot be read" "" 'cat /etc/shadow 2>/dev/null'
	# promise P6
	shell "only fds 0 to 2 come through" "0 1 2" 'echo $(ls /proc/self/fd | head -n3)' 9</dev/null 8</etc/hosts
	expect "... really" "['0', '1', '2', '3']" 'sorted(os.listdir("/proc/self/fd"))' 9</dev/null 8</etc/hosts # 3 reads it
	# promise P13
	shell "no process of the host is seen" "alone" 'cd /proc; set -- [0-9]*; [ "$*" = "1 $$" ] && echo alone || echo "$@"'
	# promise P9
	shell "a set-user-ID program gains nothing" "" 'grep -v nosuid /proc/self/mountinfo'
	no_refusal shell "the working directory is inside" /tmp pwd
	is "$label: ... / where the caller's is not seen" "$(cd "$tmp" && "${who[@]}" "$isorun" "${mode[@]}" --quiet pwd)" /
	no_refusal is "$label: ... the caller's where it is seen" "$(cd /usr/share && "${who[@]}" "$isorun" "${mode[@]}" --quiet pwd)" /usr/share
	no_refusal shell "files can be made in memory" "" 'touch /tmp/left-behind /var/left-behind /run/left-behind'
	also is "$label: ... and are not on the host" "$(ls -d /{tmp,var,run}/left-behind 2>/dev/null)" ""

	writable=$tmp/volume-$label
	mkdir "$writable"
	chmod 777 "$writable"
	no_refusal shell "a volume can be written" ok -v "$writable:/mnt" 'echo x >/mnt/file && echo ok'
	also no_refusal ok "$label: ... and it is there on the host" test -e "$writable/file"
	# promise P4
	shell "a read-only volume cannot" "" -v "$writable:/mnt:ro" 'touch /mnt/file2 2>/dev/null && echo written'
	shell "a destination that is missing is made in memory" "file made" -v "$writable:/made/deep/er" \
		'echo $(ls /made/deep/er) $(ls -d /made | tr -d /); touch /made/x 2>/dev/null && echo written'
	also ok "$label: ... and not on the host" test ! -e /made
	shell "two places made in memory, one in the other's parent" "file file yes" -v "$writable:/newtop" \
		-v "$writable:/opt/newdir" 'echo $(cat /dev/null; ls /newtop /opt/newdir | grep file) $([ -e /usr/bin/env ] && echo yes)'
	no_refusal shell "... /usr keeps what it holds" yes -v "$writable:/newtop" -v "$writable:/usr/newdir" '[ -x /usr/bin/env ] && echo yes'
	mkdir -p "$tmp/secret-$label" && echo secret >"$tmp/secret-$label/secret" && echo shown >"$tmp/secret-$label/shown"
	# promise P2
	shell "what is to be hidden is, by whatever path" shown -v "$tmp/secret-$label:/usr/lib/init:ro" \
		-p InaccessiblePaths=-/lib/init/secret 'cat /lib/init/shown; cat /lib/init/secret 2>/dev/null'
	no_refusal shell "a file can be a volume" root: -v /etc/passwd:/srv/users:ro 'head -c5 /srv/users'
	shell "a destination is found through symlinks of the root" ok -v "$writable:/lib64/made-here" \
		-v "$writable:/var/run/here" '[ -e /usr/lib64/made-here/file ] && [ -e /run/here/file ] && echo ok'
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -v "$writable:/usr/bin/made-here" true
	like "$label: a directory with very many entries is left alone" "$err" "*too many entries*"
	ln -sfn /etc "$writable/link"
	no_refusal shell "a symlink in a volume is one inside" "$(head -n1 /etc/passwd)" -v "$writable:/mnt" 'head -n1 /mnt/link/passwd'
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -v "$writable:/mnt" -v /usr/share:/mnt/link:ro true
	like "$label: ... and no way to a destination" "$err" "*a symlink in a writable volume*"
	shell "a volume on /var is all of it" "file link" -v "$writable:/var" 'echo $(ls /var)'
	# promise P7
	shell "the host's device nodes cannot be changed" "" 'for n in null full tty; do chmod 666 /dev/$n 2>/dev/null && echo $n; done'
	run "${who[@]}" sh -c '"$@" </etc' x "$isorun" "${mode[@]}" --quiet cat /proc/self/fd/0/passwd
	# promise P6
	like "$label: a directory as standard input is refused" "$err" "isorun: fd 0 is a directory*"
	shell "TemporaryFileSystem= with its options" "1777" -p 'TemporaryFileSystem=/scratch:mode=1777,size=1M' \
		'stat -c %a /scratch; head -c 2M /dev/zero >/scratch/x 2>/dev/null && echo too much'
	shell "noexec holds" /scratch/echo -p 'TemporaryFileSystem=/scratch:mode=1777,noexec' \
		'cp /usr/bin/echo /scratch/ && ls /scratch/echo && /scratch/echo ran 2>/dev/null'
	cp /usr/bin/echo "$tmp/hidden-echo"
	run "${who[@]}" "$isorun" "${mode[@]}" "$tmp/hidden-echo" hello
	no_refusal is "$label: a command by a hidden path is bound" "$out" hello
	like "$label: ... with a notice" "$err" "*$tmp/hidden-echo is not visible in the sandbox; only this file is added, read-only (-v DIR shows its directory)*"
	no_refusal shell "with ProtectHome=no it is not hidden" ok -p ProtectHome=no '[ -n "$(ls -d /home)" ] && echo ok'
	no_refusal shell "/sys is there where the policy asks" kernel -p BindReadOnlyPaths=/sys 'ls -d /sys/kernel | cut -d/ -f3'
	no_refusal shell "WorkingDirectory=" /usr/share -p WorkingDirectory=/usr/share pwd
}

# Lines of unit files that isorun accepts, because it does at least what systemd would do.
test_pasted() {
	shell "NoNewPrivileges=yes" 1 -p NoNewPrivileges=yes 'sed -n "s/^NoNewPrivs:\t//p" /proc/self/status'
	shell "ProtectSystem=strict" "" -p ProtectSystem=strict \
		'for d in / /usr /boot /etc /opt /srv; do touch $d/x 2>/dev/null && echo $d; done'
	shell "ProtectKernelTunables=yes" "" -p ProtectKernelTunables=yes 'ls -A /sys
		for f in sys/kernel/core_pattern sys/vm/drop_caches sysrq-trigger; do (: >>/proc/$f) 2>/dev/null && echo $f; done
		head -c1 /proc/kallsyms 2>/dev/null; head -c1 /proc/kcore 2>/dev/null'
	expect "ProtectKernelModules=yes" "EPERM EPERM EPERM" -p ProtectKernelModules=yes \
		'" ".join(call(n, 0, 0, 0) for n in ["init_module", "finit_module", "delete_module"])'
	if [ -d /usr/lib/modules ]; then
		shell "ProtectKernelModules=yes hides the modules" "" -p ProtectKernelModules=yes 'ls /usr/lib/modules 2>/dev/null'
	else
		skip "$label: ProtectKernelModules=yes hides the modules" "this host has no modules"
	fi
	expect "ProtectKernelLogs=yes" "EPERM False" -p ProtectKernelLogs=yes \
		'call("syslog", 10, 0, 0) + " " + str(os.path.exists("/dev/kmsg"))'
	expect "ProtectClock=yes" "EPERM EPERM EPERM" -p ProtectClock=yes \
		'" ".join(call(n, 0, 0) for n in ["settimeofday", "clock_settime", "adjtimex"])'
	if ls /dev/rtc* >/dev/null 2>&1; then
		shell "ProtectClock=yes leaves no clock to open" "" -p ProtectClock=yes 'ls -d /dev/rtc* 2>/dev/null'
	else
		skip "$label: ProtectClock=yes leaves no clock to open" "this host has no clock"
	fi
	shell "ProtectControlGroups=strict" "" -p ProtectControlGroups=strict 'ls -A /sys'
	shell "PrivatePIDs=yes" 1 -p PrivatePIDs=yes 'cd /proc; ls -d 1; ls -d [0-9]* | while read p; do [ $p -lt 30 ] || echo $p; done'
	shell "PrivateMounts=yes, RemoveIPC=yes" "" -p PrivateMounts=yes -p RemoveIPC=yes \
		"readlink /proc/self/ns/mnt /proc/self/ns/ipc | grep -Fx -e $(readlink /proc/self/ns/mnt) -e $(readlink /proc/self/ns/ipc)"
	no_refusal shell "MountAPIVFS=yes" "/dev/null /proc/self/stat" -p MountAPIVFS=yes 'echo $(ls /dev/null /proc/self/stat)'
	expect "KeyringMode=private" "EPERM EPERM" -p KeyringMode=private \
		'" ".join(call(n, 0, 0, 0, 0) for n in ["keyctl", "request_key"])'
	refused "a line that isorun would not keep" "-p: ProtectClock=: this policy is weaker, because *" -p ProtectClock=yes \
		-p PrivateDevices=no true
	refused "a line that asks for less" '-p: NoNewPrivileges=: "no" is not supported: isorun always sets no_new_privs' \
		-p NoNewPrivileges=no true
	refused "a line that a policy writes in another way" "-p: ReadWritePaths=: write BindPaths=/srv/data" \
		-p ReadWritePaths=/srv/data true
}

test_ids() {
	no_refusal shell "the ids are those outside" "$("${who[@]}" id -u) $("${who[@]}" id -g)" 'echo $(id -u) $(id -g)'
	# promise P9
	shell "no capability is left" "0000000000000000" 'sed -n "s/^Cap...:\t//p" /proc/self/status | sort -u'
	# promise P9
	shell "no_new_privs and a filter" "1 2 1" \
		'echo $(sed -n "s/^\(NoNewPrivs\|Seccomp\|Seccomp_filters\):\t//p" /proc/self/status)'
	shell "the reaper has no capability" "0000000000000000" 'sed -n "s/^Cap\(Prm\|Eff\|Bnd\):\t//p" /proc/1/status | sort -u'
	# promise P14
	expect "the reaper cannot be traced" "EPERM" 'call("ptrace", 16, 1, 0, 0)'
	# promise P14
	expect "the reaper's memory and fds are shut" "EACCES EACCES" \
		'attempt(open, "/proc/1/mem") + " " + attempt(os.readlink, "/proc/1/fd/0")'
	# promise P14
	shell "the reaper cannot be killed" "isorun alive" 'kill -9 1; kill -STOP 1; kill -TERM 1; echo $(cat /proc/1/comm) alive'
	shell "isorun's file cannot be opened through it" "" \
		'{ (: >>/proc/1/exe) || (: </proc/1/exe); } 2>/dev/null && echo opened'
	# promise P12
	shell "the environment is clean" "" 'env | grep -e SECRET -e NOTIFY_SOCKET -e DBUS'
	shell "Environment=, PassEnvironment= and UnsetEnvironment=" "1 yes" -p Environment="A=1 B=2" \
		-p PassEnvironment=TEST_PASSED -p UnsetEnvironment=B 'echo $A $B $TEST_PASSED'
	shell "a limit of few files does not hinder the start" 4 -p LimitNOFILE=4 'ulimit -n'
	shell "UMask=, Limit*= and Nice=" "0027 33 40 7" -p UMask=0027 -p LimitNOFILE=33:40 -p Nice=7 \
		'echo $(umask) $(ulimit -Sn) $(ulimit -Hn) $(nice)'
	# A user may not take back what nice(1) gave up.
	run "${who[@]}" nice -n 9 "$isorun" "${mode[@]}" --quiet -p Nice=7 nice
	is "$label: Nice= under nice(1)" "$status $out$err" "0 $([[ $label == root* ]] && echo 7 || echo 9)"
	run "${who[@]}" nice -n 9 "$isorun" "${mode[@]}" --quiet -p Nice=-1 nice
	[[ $label == root* ]] ||
		is "$label: ... which cannot better the priority" "$status $out$err" "125 isorun: -p: Nice=: cannot set the nice value: Permission denied"
}

test_network() {
	shell "the network is its own, with a loopback device, up" "own lo:" \
		"[ \"\$(readlink /proc/self/ns/net)\" = '$(readlink /proc/self/ns/net)' ] || echo own \$(sed 1,2d /proc/net/dev | cut -d: -f1):"
	no_refusal expect "the loopback answers" ok \
		'(lambda s: (s.bind(("127.0.0.1", 0)), s.listen(), attempt(socket.create_connection, s.getsockname()))[2])(socket.socket())'
	# promise P17
	expect "the host's loopback does not" ECONNREFUSED "attempt(socket.create_connection, ('127.0.0.1', $port))"
	no_refusal expect "it does with PrivateNetwork=no" ok -p PrivateNetwork=no "attempt(socket.create_connection, ('127.0.0.1', $port))"
	# promise P19
	expect "a family that is not listed" EAFNOSUPPORT 'attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)'
	# promise P19
	expect "... whatever stands above the int" EAFNOSUPPORT 'call("socket", (1 << 32) | 17, 3, 0)'
	expect "RestrictAddressFamilies=none" EAFNOSUPPORT -p RestrictAddressFamilies= -p RestrictAddressFamilies=none \
		'attempt(socket.socket, socket.AF_INET)'
	expect "... also over a list" EAFNOSUPPORT -p RestrictAddressFamilies=none 'attempt(socket.socket, socket.AF_INET)'
	expect "RestrictAddressFamilies=~" "('EAFNOSUPPORT', 'ok')" -p RestrictAddressFamilies= \
		-p 'RestrictAddressFamilies=~AF_INET' 'attempt(socket.socket, socket.AF_INET), attempt(socket.socket, socket.AF_INET6)'
	# promise P19
	expect "nor as a pair" "('EAFNOSUPPORT', 'EAFNOSUPPORT', 'ok')" 'call("socketpair", 30, 1, 0, bytes(8)), call("socketpair", (1 << 32) | 17, 3, 0, bytes(8)), attempt(socket.socketpair)'
	# promise P19
	expect "no ring gets around that" ENOSYS 'call("io_uring_setup", 1, 0)'
	# promise P18
	expect "no abstract socket of the host is reached" True -p PrivateNetwork=no \
		"attempt(lambda: socket.socket(socket.AF_UNIX).connect('\\0$abstract')) in ('EPERM', 'EAFNOSUPPORT')"
	no_refusal expect "... unless AbstractSockets= gives that up" None -p PrivateNetwork=no -p AbstractSockets=yes \
		"socket.socket(socket.AF_UNIX).connect('\\0$abstract')"
}

test_calls() {
	no_refusal expect "an unknown call answers ENOSYS" ENOSYS 'call(9999)'
	# promise P20
	expect "a known one that is denied, EPERM" EPERM 'call("mount", 0, 0, 0, 0, 0)'
	expect "SystemCallErrorNumber=" EACCES -p SystemCallErrorNumber=EACCES 'call("mount", 0, 0, 0, 0, 0)'
	expect "a call denied with an errno of its own" EBUSY -p 'SystemCallFilter=~sync:EBUSY' 'call("sync")'
	expect "what default denies reaches beyond the program" "['EPERM']" --policy "$top/policies/default.conf" \
		'sorted({call("sync"), call("syncfs", 0), call("kcmp", 1, 1, 0), call("process_vm_readv", 1),
			call("process_vm_writev", 1), call("ptrace", 0, 0, 0, 0), call("userfaultfd", 1), call("ioprio_set", 1, 0, 0),
			call("io_setup", 1, 0)})'
	expect "... also in a policy that says nothing about calls" "['EPERM']" --policy "$tmp/silent.conf" \
		'sorted({call("sync"), call("kcmp", 1, 1, 0), call("ptrace", 0, 0, 0, 0), call("userfaultfd", 1), call("io_setup", 1, 0)})'
	expect "memory is locked up to the limit" "ok ENOMEM" -p LimitMEMLOCK=1M --policy "$top/policies/default.conf" \
		'call("mlock", ctypes.addressof(ctypes.create_string_buffer(1)), 1) + " " + call("mlockall", 1)'
	expect "a group denied" EPERM -p 'SystemCallFilter=~@sync' 'call("sync")'
	# promise P23
	expect "TIOCSTI" EPERM 'call("ioctl", 0, 0x5412, b"x")'
	expect "... with high bits" EPERM 'call("ioctl", 0, (1 << 32) | 0x5412, b"x")'
	# promise P23
	expect "TIOCLINUX" EPERM 'call("ioctl", 0, 0x541c, b"x")'
	# promise P21
	expect "unshare of each kind" "['EPERM']" \
		'sorted({call("unshare", f) for f in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)})'
	# promise P21
	expect "clone with a namespace" EPERM 'call("clone", 0x10000000 | 17, 0, 0, 0, 0)'
	# promise P21
	expect "clone3" ENOSYS 'call("clone3", 0, 0)'
	expect "setns, whatever stands above the int" "('EPERM', 'EPERM')" 'call("setns", 0, 0), call("setns", 0, 1 << 32)'
	expect "RestrictNamespaces=uts leaves the others" "('EPERM', 'EPERM')" -p RestrictNamespaces=uts \
		'call("unshare", 0x10000000), call("unshare", 0x20000)'
	expect "RestrictNamespaces=yes after no" EPERM -p RestrictNamespaces=no -p RestrictNamespaces=yes 'call("unshare", 0x20000)'
	expect "sethostname" EPERM 'call("sethostname", b"x", 1)'
	expect "real-time scheduling, also with RESET_ON_FORK" "['EPERM']" \
		'sorted({call("sched_setscheduler", 0, p, b"\1\0\0\0") for p in (1, 2, 6, 0x40000001, 0x40000002)})'
	expect "set-user-ID and set-group-ID bits" "['EPERM']" \
		'sorted({call(*c) for c in (("chmod", b"/tmp", 0o4755), ("chmod", b"/tmp", 0o2755), ("creat", b"/tmp/a", 0o4755),
			("open", b"/tmp/b", 0o102, 0o4755), ("mkdir", b"/tmp/d", 0o2755)) if exists(c[0])} |
			{call("fchmodat", -100, b"/tmp", 0o4755), call("fchmodat", -100, b"/tmp", 0o2755),
			call("openat", -100, b"/tmp/c", 0o102, 0o2755), call("mkdirat", -100, b"/tmp/d", 0o2755)})'
	expect "openat2, whose mode no filter sees" ENOSYS 'call("openat2", -100, b"/tmp", 0, 24)'
	expect "personality" EPERM 'call("personality", 0x40000)'
	no_refusal expect "memory that is writable and executable" ok 'attempt(__import__("mmap").mmap, -1, 4096, 34, 7)'
	expect "... with MemoryDenyWriteExecute=" EPERM -p MemoryDenyWriteExecute=yes \
		'attempt(__import__("mmap").mmap, -1, 4096, 34, 7)'
	expect "keyrings, bpf, perf, kexec and modules" "['EPERM']" \
		'sorted({call("add_key"), call("keyctl", 0), call("bpf", 0), call("perf_event_open"), call("kexec_load"), call("init_module")})'
	test_i386
}

# A program may always restrict itself further.
test_own_filters() {
	local policy
	for policy in client compile default filter web; do
		no_refusal expect "$policy: seccomp(2) and Landlock's calls are allowed" "('EINVAL', 'EINVAL')" \
			--policy "$top/policies/$policy.conf" -p "Optional=CPUQuota CPUWeight" \
			'call("seccomp", 99, 0, 0), call("landlock_create_ruleset", 0, 0, 99).replace("ENOSYS", "EINVAL").replace("EOPNOTSUPP", "EINVAL")'
	done
}

# A program of this name dies of SIGTRAP under the directive, and says only that. Here is one that does so anywhere.
test_code_makers() {
	local said="*MemoryDenyWriteExecute=: node may have failed because it makes code while it runs (-p MemoryDenyWriteExecute=no *"
	mkdir -p "$tmp/opt"
	printf '#!/bin/sh\nkill -TRAP $$\n' >"$tmp/opt/node"
	cp "$tmp/opt/node" "$tmp/opt/tool"
	chmod 755 "$tmp/opt/"*
	loudly -p MemoryDenyWriteExecute=yes /opt/test/node
	no_refusal like "$label: node that ends soon under MemoryDenyWriteExecute=: a notice" "$status $err" "133 $said"
	loudly -p MemoryDenyWriteExecute=yes sh -c '/opt/test/node; exit $?'
	no_refusal like "$label: ... in a shell, too" "$status $err" "133 $said"
	loudly -p MemoryDenyWriteExecute=yes /opt/test/tool
	no_refusal is "$label: ... not for another program" "$status $(grep -c 'makes code' "$tmp/err")" "133 0"
	loudly /opt/test/node
	no_refusal is "$label: ... nor without the directive" "$status $(grep -c 'makes code' "$tmp/err")" "133 0"
}
loudly() { run "${who[@]}" "$isorun" "${mode[@]}" -v "$tmp/opt:/opt/test:ro" "$@"; }

# The program of a filter can make no code, whatever it uses. Ordinary filters run.
test_filter() {
	local volume=$tmp/out-$label policy=(--policy "$top/policies/filter.conf")

	mkdir "$volume"
	chmod 777 "$volume"
	no_refusal shell "filter: shells, compressors and tar run" "inner text" "${policy[@]}" \
		'x=$(echo inner | cat); cd /tmp; echo text >file; tar cf - file | xz | xz -d | gzip | tar xzf - -O | (read y; echo $x $y)'
	# promise P39
	shell "filter: no file that can be written can be executed" "/tmp /run /var /dev/shm /out" "${policy[@]}" -v "$volume:/out" \
		'echo $(for d in /tmp /run /var /dev/shm /out; do cp /usr/bin/echo $d/code && echo $d; $d/code ran 2>/dev/null; done)'
	# promise P39
	expect "filter: nor mapped" "['EPERM']" "${policy[@]}" -v "$volume:/out" \
		'sorted({attempt(__import__("mmap").mmap, os.open(d + "/code", os.O_RDWR | os.O_CREAT, 0o700), 0, 2, 5)
			for d in ("/tmp", "/run", "/var", "/dev/shm", "/out") if open(d + "/code", "w").write("code")})'
	head -c 8192 /dev/zero >"$tmp/data"
	run "${who[@]}" sh -c '"$@" <"$0"' "$tmp/data" "$isorun" "${mode[@]}" --quiet "${policy[@]}" -v "$probe:/probe.py:ro" \
		/usr/bin/python3 /probe.py '(lambda map: (attempt(map, 0, 0, 2, 1), attempt(map, 0, 0, 2, 5)))(__import__("mmap").mmap)'
	is "$label: filter: the file on stdin is mapped as data, and not as code" "$status $out" "0 ('ok', 'EPERM')"
	# promise P39
	expect "filter: memory cannot become executable" "['EPERM']" "${policy[@]}" \
		'sorted({attempt(__import__("mmap").mmap, -1, 4096, 34, 7), call("mprotect", 0, 0, 4), call("pkey_mprotect", 0, 0, 4, -1),
			call("memfd_create", b"x", 0), call("shmat", 0, 0, 0o100000), call("personality", 0x400000)})'
	# promise P39
	expect "MemoryDenyWriteExecute=: nor a file in memory be made" EPERM -p MemoryDenyWriteExecute=yes \
		'call("memfd_create", b"x", 0)'
	expect "filter: nor be written through /proc" EROFS "${policy[@]}" 'attempt(open, "/proc/self/mem", "r+b")'
	shell "MemoryDenyWriteExecute=: ExecPaths= makes an exception" "/tmp ran /run" -p MemoryDenyWriteExecute=yes -p ExecPaths=/tmp \
		'echo $(for d in /tmp /run; do cp /usr/bin/echo $d/code && echo $d; $d/code ran 2>/dev/null; done)'
}

test_exec_paths() {
	box -p NoExecPaths=/ -p "ExecPaths=/usr/bin/env /usr/lib -/usr/lib64" env /usr/bin/id
	like "$label: NoExecPaths=/ and ExecPaths=: only what is listed runs" "$status $err" "126 *id*Permission denied"
	no_refusal shell "NoExecPaths=/ and ExecPaths=: what is listed does" "" -p NoExecPaths=/ -p ExecPaths=/usr ':'
	box -p NoExecPaths=/usr id
	is "$label: a command that the policy makes noexec" "$status $err" \
		"126 isorun: id: the policy makes its place noexec (ExecPaths= allows it)"
}

# A program of i386, of these instructions.
# shellcheck disable=SC2059  # the bytes are escapes of printf
make_i386() { # name, instructions
	printf '\x7fELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0\x54\x80\4\x08\x34\0\0\0\0\0\0\0\0\0\0\0\x34\0\x20\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\x80\4\x08\0\x80\4\x08\x80\0\0\0\x80\0\0\0\5\0\0\0\0\x10\0\0'"$2" >"$tmp/$1"
	chmod 755 "$tmp/$1"
}

test_i386() {
	make_i386 i386-exit '\xb8\x01\0\0\0\xbb\x07\0\0\0\xcd\x80' # exit(7)
	# ugetrlimit(RLIMIT_NOFILE, stack), which x86-64 does not have; exit(its result + 7)
	make_i386 i386-limit '\xb8\xbf\0\0\0\xbb\7\0\0\0\x89\xe1\xcd\x80\x89\xc3\x83\xc3\7\xb8\1\0\0\0\xcd\x80'
	if "$tmp/i386-limit"; [ $? != 7 ]; then
		skip "$label: calls by i386's numbers" "this kernel has none"
		return
	fi
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet "$tmp/i386-exit"
	# promise P20
	is "$label: a call by i386's numbers kills" $status 159
	run "${who[@]}" env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" "$isorun" "${mode[@]}" --quiet --why "$tmp/i386-exit"
	also is "$label: ... and --why says which" "$status $err" "159 isorun: call 1 of another architecture (0x40000003): SIGSYS – the \
filter kills the program, unless SystemCallArchitectures= names that architecture"
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -p SystemCallArchitectures=x86 "$tmp/i386-limit"
	no_refusal is "$label: ... but not with SystemCallArchitectures=x86, where a call that only i386 has works" $status 7
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -p SystemCallArchitectures=x86 -p SystemCallFilter=~ugetrlimit:ERANGE \
		"$tmp/i386-limit"
	is "$label: ... and can be denied" $status $(((7 - 34) & 255))
	# ipc(SHMGET, 0, 0, 0): EINVAL; exit(its result)
	make_i386 i386-ipc '\xb8\x75\0\0\0\xbb\x17\0\0\0\x31\xc9\x31\xd2\x31\xf6\xcd\x80\x89\xc3\xb8\1\0\0\0\xcd\x80'
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -p SystemCallArchitectures=x86 "$tmp/i386-ipc"
	no_refusal is "$label: ... one that is made by another call runs" $status $((-22 & 255))
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet -p SystemCallArchitectures=x86 -p SystemCallFilter=~shmget:ERANGE \
		"$tmp/i386-ipc"
	# promise P20
	also is "$label: ... but not if it is denied" $status $((-34 & 255))
}

test_landlock() {
	if [ "$(landlock_abi)" -lt 2 ]; then
		skip "$label: Landlock says read-only once more" "this kernel has no Landlock of ABI 2"
		return
	fi
	# A file of a file system that is mounted writable outside, by an fd that is open for reading and writing.
	no_refusal expect "message queues of the instance work" "(0, 4, b'text')" \
		'(lambda q, b: (libc.mq_send(q, b"text", 4, 0), libc.mq_receive(q, b, 8192, None), b.value))(
			libc.mq_open(b"/queue", 0o102, 0o600, None), ctypes.create_string_buffer(8192))'
	expect "... but not the host's, with PrivateIPC=no" EACCES -p PrivateIPC=no 'call("mq_open", b"queue", 0o102, 0o600, 0)'
	echo before >"$tmp/read-only"
	chmod 666 "$tmp/read-only"
	run "${who[@]}" sh -c '"$@" <>"$0"' "$tmp/read-only" "$isorun" "${mode[@]}" --quiet \
		sh -c '(echo after >/proc/self/fd/0) 2>/dev/null; cat'
	is "$label: Landlock: a file that is passed is not opened again for writing" "$out $(cat "$tmp/read-only")" "before before"
	run "${who[@]}" sh -c '"$@" <>"$0"' "$tmp/read-only" "$isorun" "${mode[@]}" --quiet -p LandlockFiles=no \
		sh -c '(echo after >/proc/self/fd/0) 2>/dev/null; cat'
	no_refusal is "$label: ... which LandlockFiles=no gives up" "$out $(cat "$tmp/read-only")" "after after"
	shell "... but not the mounts'" "" -p LandlockFiles=no \
		'for f in /etc/passwd /usr/x /bin/sh /proc/sys/kernel/core_pattern /dev/x; do (: >>$f) 2>/dev/null && echo $f; done; :'
}

# What a mount says of itself: the host's may be read-only anyway, or Landlock hide that ours are not.
test_mounts() {
	shell "every mount is read-only but those in memory that are the payload's" "/dev/pts /dev/shm /run /tmp /var" \
		'echo $(cut -d" " -f5,6 /proc/self/mountinfo | sed -n "s/ rw,.*//p" | grep -vx "$HOME" | sort)'
	shell "... nodev but the devices" "/dev/full /dev/null /dev/pts /dev/random /dev/tty /dev/urandom /dev/zero" \
		'echo $(cut -d" " -f5,6 /proc/self/mountinfo | grep -v nodev | cut -d" " -f1 | sort)'
	shell "a root that was added to is read-only" /made/share -p 'BindReadOnlyPaths=/usr/share:/made/share' \
		'ls -d /made/share; cut -d" " -f5,6 /proc/self/mountinfo | grep "^/ rw,"'
	shell "ReadOnlyPaths=/ leaves what another line makes writable" /tmp -p ReadOnlyPaths=/ -p TemporaryFileSystem=/tmp \
		'echo $(cut -d" " -f5,6 /proc/self/mountinfo | sed -n "s/ rw,.*//p" | sort)'
	shell "... and terminals work" "pty" -p ReadOnlyPaths=/ 'script -qec "echo pty" /dev/null | tr -d "\r"'
	shell "/home, /root and /sys are hidden by mounts" "/home /root /sys" \
		'echo $(cut -d" " -f5 /proc/self/mountinfo | grep -x -e /home -e /root -e /sys | sort -u)'
	mkdir -p "$tmp/echo-$label"
	chmod 777 "$tmp/echo-$label"
	cp /usr/bin/echo "$tmp/echo-$label/echo"
	shell "a volume with noexec" /mnt/echo -v "$tmp/echo-$label:/mnt:ro,noexec" 'ls /mnt/echo; /mnt/echo ran 2>/dev/null'
	# promise P2
	shell "a hidden file cannot even be opened" "" '(: </etc/shadow) 2>/dev/null && echo opened'
	test_mount_race
	[ "$label" = root ] || return 0

	mkdir -p "$tmp/host-mount/sub"
	mount -t tmpfs tmpfs "$tmp/host-mount/sub"
	# promise P4
	shell "what is mounted below a read-only volume is read-only, too" "" -v "$tmp/host-mount:/mnt:ro" \
		'touch /mnt/sub/x 2>/dev/null && echo written; grep "^[^-]* /mnt/sub rw," /proc/self/mountinfo'
	umount "$tmp/host-mount/sub"
	# shellcheck disable=SC2016
	run unshare -m --propagation shared bash -c 'before=$(wc -l </proc/self/mountinfo)
		for private in self no; do "$@" -p PrivateUsers=$private sh -c "[ -e /sys/kernel ] || echo ran"; done
		echo $(($(wc -l </proc/self/mountinfo) - before))' x "$isorun" "${mode[@]}" --quiet
	is "$label: no mount spreads to the host, where its mounts are shared" "$(tr '\n' ' ' <<<"$out")" "ran ran 0 "
}

# Exchanges two names of a directory for ever, in the background, until $swapper is killed.
exchange() { # directory, name, name
	/usr/bin/python3 -c 'import ctypes, sys
libc = ctypes.CDLL(None)
a, b = (f"{sys.argv[1]}/{x}".encode() for x in sys.argv[2:])
while True: libc.renameat2(-100, a, -100, b, 2)' "$@" &
	swapper=$!
}

# A directory of a volume turns into a symlink to /etc and back, while instances start that mount something there, or
# on a directory below.
test_mount_race() {
	local swapper place

	mkdir -p "$tmp/race-$label/d/ssl"
	chmod -R 777 "$tmp/race-$label"
	ln -sfn /etc "$tmp/race-$label/l"
	exchange "$tmp/race-$label" d l
	for _ in $(seq 50); do
		for place in d d/ssl; do
			"${who[@]}" "$isorun" "${mode[@]}" --quiet -v "$tmp/race-$label:/mnt" -v "/usr/share:/mnt/$place:ro" \
				sh -c 'grep -q " /mnt " /proc/self/mountinfo && [ -e /etc/passwd ] && [ -e /etc/ssl/certs ] && echo mounted ||
					echo covered' 2>/dev/null
		done
	done >"$tmp/covered"
	kill "$swapper"
	# promise P5
	is "$label: a symlink that appears while it starts is no way to a destination" "$(sort -u "$tmp/covered")" mounted
}

# A file that ssh includes, which everybody may read, is exchanged with one that only root may read, while instances
# start that get a copy of the former.
test_copy_race() {
	local swapper
	if [ "$label" != root ] || ! has_private_ids; then return; fi
	mkdir "$tmp/included"
	echo "# public" >"$tmp/included/x.conf"
	echo "# secret" >"$tmp/included/secret"
	chmod 600 "$tmp/included/secret"
	exchange "$tmp/included" x.conf secret
	for _ in $(seq 100); do
		"$isorun" "${mode[@]}" --quiet -p PrivateUsers=full -v "$tmp/included:/etc/ssh/ssh_config.d:ro" \
			sh -c 'echo ran; cat /etc/ssh/ssh_config.d/x.conf' 2>/dev/null
	done >"$tmp/copied"
	kill "$swapper"
	# promise P2
	is "$label: isorun copies only files that everybody may read" "$(sort -u "$tmp/copied" | tr '\n' ' ')" "# public ran "
}

test_reaper() {
	run "${who[@]}" /usr/bin/python3 -c 'import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.syscall('"$(call_number keyctl)"', 1, None)
print(libc.syscall('"$(call_number add_key)"', b"user", b"isorun-secret", b"x", ctypes.c_ulong(1), -3) > 0, flush=True)
os.execv(sys.argv[1], sys.argv[1:])' "$isorun" "${mode[@]}" --quiet -p SystemCallFilter=@keyring -v "$probe:/probe.py:ro" \
		/usr/bin/python3 /probe.py 'call("keyctl", 10, -3, b"user", b"isorun-secret", 0)'
	# promise P22
	is "$label: a key of the caller's session is not found, even where keyctl(2) is allowed" "$out" "True
ENOKEY"
	no_refusal shell "orphans are reaped" "" '(sleep 0.1 &); sleep 0.5; grep -l "^State:.Z" /proc/[0-9]*/status'
	run "${who[@]}" /usr/bin/python3 -c 'import os, sys
os.dup2(os.open("/etc/passwd", os.O_PATH), 0); os.execv(sys.argv[1], sys.argv[1:])' "$isorun" "${mode[@]}" --quiet true
	# promise P6
	like "$label: a place (O_PATH) as standard input is refused" "$err" "isorun: fd 0 is a directory or was opened with O_PATH*"
	expect "no ring gets around the families, whatever else is allowed" ENOSYS -p RestrictSUIDSGID=no 'call("io_uring_setup", 1, 0)'
	if [ "$label" = user ]; then
		shell "the reaper is not dumpable" 65534 'stat -c %u /proc/1/fd'
		return
	fi
	shell "the reaper has standard fds, its socket and its signals, and no more" 5 \
		'sleep 0.3; ls /proc/1/fd | wc -l' 9</dev/null 8</etc/hosts
	shell "... and without a unit, the mount of message queues" 6 --no-scope \
		'sleep 0.3; ls /proc/1/fd | wc -l' 9</dev/null 8</etc/hosts
	shell "with CAP_SYS_ADMIN, the reaper has no capability" 0000000000000000 -p CapabilityBoundingSet=CAP_SYS_ADMIN \
		'sed -n "s/^Cap\(Prm\|Eff\|Bnd\|Inh\|Amb\):\t//p" /proc/1/status | sort -u'
	run setpriv --groups 2,3 "$isorun" "${mode[@]}" --quiet -p User=nobody id -G
	# promise P10
	is "$label: the caller's groups are left with User=" "$status $out" "0 65534"
	run setpriv --groups 2,3 "$isorun" "${mode[@]}" --quiet id -G
	is "$label: ... and without it, as root" "$status $out" "0 0"
	run setpriv --groups 2,3 "$isorun" "${mode[@]}" --quiet -p PrivateUsers=no id -G
	is "$label: ... also in the host's user namespace" "$status $out" "0 0"
	run setpriv --groups 2,3 unshare -U --map-root-user "$isorun" --no-scope --quiet "${mode[@]}" sh -c 'echo ran'
	no_refusal is "$label: a user namespace that denies setgroups is no hindrance" "$status $out" "0 ran"
	run setpriv --reuid 2 --regid 2 --groups 2,3,4711 "$isorun" --no-scope --dry-run --verbose true
	no_refusal like "$label: a user's groups are named" "$out" \
		"*kept groups *$(getent group 3 | cut -d: -f1) 4711, of the caller: only root or PrivateUsers=full can drop them*"
	run "$isorun" "${mode[@]}" --quiet -p User=nobody sed -n 's/^[UG]id:\t//p' /proc/self/status
	# promise P10
	is "$label: User= sets all four ids" "$(sort -u <<<"$out" | tr '\t' ' ')" "65534 65534 65534 65534"
}

test_sockets() {
	# promise P18
	shell "busctl, systemd-run and systemctl reach nothing" "" \
		'busctl list 2>/dev/null; systemd-run true 2>/dev/null && echo ran; systemctl is-system-running 2>/dev/null | grep -v offline
		[ ! -e /run/systemd ] || echo /run/systemd; [ ! -e /run/dbus ] || echo /run/dbus'
}

# Tries to take off every mount, and to make writable what is not.
cat >"$tmp/undo.sh" <<'SH'
while read -r _ _ _ _ mount flags _; do
	umount "$mount" 2>/dev/null && echo "unmounted $mount"
	umount -l "$mount" 2>/dev/null && echo "detached $mount"
	case $flags in
	ro*) mount -o remount,bind,rw,nosuid,nodev "$mount" 2>/dev/null && echo "made $mount writable"
		mount -o remount,bind,rw,nosuid,nodev,noexec "$mount" 2>/dev/null && echo "made $mount writable" ;;
	esac
	mount -o remount,bind,suid "$mount" 2>/dev/null && echo "made $mount suid"
	case $flags in
	*nodev*) mount -o remount,bind,dev "$mount" 2>/dev/null && echo "gave $mount devices" ;;
	esac
done </proc/self/mountinfo
touch /etc/x 2>/dev/null && echo "wrote /etc/x"
cat /etc/shadow 2>/dev/null
find /home /root -mindepth 1 ! -path "$HOME"
echo tried
SH
chmod 644 "$tmp/undo.sh"

# A payload that administers its own namespaces cannot undo what is around it.
test_administrator() {
	local cap

	for cap in CAP_SYS_ADMIN "CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_DAC_OVERRIDE CAP_SYS_CHROOT"; do
		run "$isorun" "${mode[@]}" --quiet -p "CapabilityBoundingSet=$cap" -p 'SystemCallFilter=@mount' sh -c \
			'mount -t tmpfs tmpfs /tmp && echo mounted'
		no_refusal is "$label: with $cap it can mount for itself" "$out" mounted
		# promise P3
		shell "... and undo no mount of ours" tried -p "CapabilityBoundingSet=$cap" -p 'SystemCallFilter=@mount' \
			-v "$tmp/undo.sh:/undo.sh:ro" 'sh /undo.sh'
	done
	expect "CAP_SYS_PTRACE does not reach the reaper" "EPERM EACCES" -p CapabilityBoundingSet=CAP_SYS_PTRACE \
		'call("ptrace", 16, 1, 0, 0) + " " + attempt(open, "/proc/1/mem")'
	run "$isorun" "${mode[@]}" -p Nesting=yes true
	like "$label: Nesting=yes with the host's uid 0 is refused" "$err" "isorun: -p: Nesting=: the payload could write the host's /proc/sys, because it is the host's uid 0*"
	run "$isorun" "${mode[@]}" -p CapabilityBoundingSet=CAP_SETFCAP true
	like "$label: CAP_SETFCAP of root's is refused" "$err" "*if root starts the sandbox, CAP_SETFCAP could make files*"
}

test_nesting() {
	no_refusal shell "Nesting=yes: namespaces and mounts can be made" inner -p Nesting=yes "${nest_as[@]}" \
		'unshare -Urm sh -c "mount -t tmpfs tmpfs /mnt && echo inner"'
	shell "... which uncover nothing" tried -p Nesting=yes "${nest_as[@]}" -v "$tmp/undo.sh:/undo.sh:ro" \
		'unshare -Urm sh /undo.sh'
	shell "... nor write /proc/sys" "" -p Nesting=yes "${nest_as[@]}" \
		'for f in kernel/core_pattern vm/drop_caches; do (: >>/proc/sys/$f) 2>/dev/null && echo $f; done'
}

test_signals() {
	local name i defaults=--default-signal=INT,QUIT # which a shell ignores for its background

	cat >"$tmp/count.sh" <<-'SH'
		n=0; trap 'n=$((n + 1))' TERM INT HUP QUIT USR1 USR2 WINCH CONT
		echo ready; i=0; while [ $n = 0 ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i+1)); done; sleep 0.4; echo $n
	SH
	chmod 644 "$tmp/count.sh"
	for name in TERM INT HUP QUIT USR1 USR2 WINCH CONT; do
		rm -f "$tmp/signals" # or the last one's "ready" is seen
		env "$defaults" "${who[@]}" "$isorun" "${mode[@]}" --quiet -v "$tmp/count.sh:/count.sh:ro" bash /count.sh \
			>"$tmp/signals" &
		await grep -qs ready "$tmp/signals"
		kill -"$name" "$(first_pid "^$isorun .*/count.sh\$")"
		wait $!
		is "$label: SIG$name reaches the payload once" "$(tail -n1 "$tmp/signals")" 1
	done
	# To the whole process group, as a terminal does.
	rm -f "$tmp/signals"
	env "$defaults" setsid "${who[@]}" "$isorun" "${mode[@]}" --quiet -v "$tmp/count.sh:/count.sh:ro" bash /count.sh \
		>"$tmp/signals" &
	await grep -qs ready "$tmp/signals"
	i=$(first_pid "^$isorun .*/count.sh\$")
	kill -INT -- "-$(ps -o pgid= -p "$i" | tr -d ' ')"
	wait $!
	is "$label: a signal to the process group reaches it once" "$(tail -n1 "$tmp/signals")" 1
}

test_together() {
	"${who[@]}" "$isorun" "${mode[@]}" --quiet sh -c 'sleep 1000 & setsid sleep 1001 & sleep 1002' &
	await runs '^sleep 1002$'
	kill -KILL "$(first_pid "^$isorun .*sleep 1002")"
	wait $! 2>/dev/null
	# promise P15
	also ok "$label: if isorun dies, all die" eventually gone '^sleep 100[0-2]$'
	run "${who[@]}" "$isorun" "${mode[@]}" --quiet sh -c 'setsid sleep 1003 >/dev/null 2>&1 & exit 4'
	no_refusal is "$label: the payload's end" $status 4
	also ok "$label: ... ends what it left behind" eventually gone '^sleep 1003$'
}

/usr/bin/python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 0)); a = socket.socket(socket.AF_UNIX); a.bind("\0isorun-test-%d" % s.getsockname()[1]); a.listen()
print(s.getsockname()[1], flush=True); time.sleep(600)' >"$tmp/port" &
await test -s "$tmp/port"
port=$(cat "$tmp/port")
abstract=isorun-test-$port

printf '[Sandbox]\nUMask=0022\n' >"$tmp/silent.conf"
cd /tmp || exit
export SECRET=1 TEST_PASSED=yes
all() {
	test_files
	test_pasted
	test_ids
	test_network
	test_calls
	test_own_filters
	test_filter
	test_code_makers
	test_exec_paths
	test_landlock
	test_mounts
	test_copy_race
	test_reaper
	test_sockets
	if [ "$label" = root ]; then test_administrator; fi
	test_nesting
	test_signals
	test_together
	verified_start
}

mode=(-p "Optional=MemoryMax TasksMax")
[ -S /run/dbus/system_bus_socket ] || mode+=(--no-scope)
label=root who=() nest_as=(-p User=nobody)
[ "$(id -u)" = 0 ] || label=self
all
if [ "$(id -u)" = 0 ] && [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") nest_as=()
	all
else
	skip "the same as another user" "no user to be"
fi
