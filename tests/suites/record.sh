#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isorun --record: a policy of what a command has used. The command runs under it alone, and it shows no more than that.
. "$(dirname "$0")/../lib.sh"
# A program inside has a tracer already, so a sanitizer cannot look for leaks there.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
work=$tmp/work

make_files() {
	owner=root
	[ "$label" = root ] || owner=$TH_USER
	rm -rf "$work" "$tmp/records"
	mkdir -m 755 "$work" "$work/src" "$tmp/records"
	printf 'int main(void) { return 0; }\n' >"$work/src/a.c"
	printf 'a: src/a.c\n\tcc -o a src/a.c\n' >"$work/Makefile"
	git -C "$work" init -q .
	git -C "$work" add .
	git -C "$work" -c user.name=a -c user.email=a@example.org commit -qm first
	chown -R "$owner" "$work" "$tmp/records"
	cd "$work" || exit
}

# Runs a command under the record, and nothing else.
alone() { run "${who[@]}" "$isorun" --quiet --no-scope --policy "$file" "$@"; }

# Records a command in the directory of work, and runs it under the record alone. Before each run, a script tidies up.
again() { # description, expected output of both runs, script to tidy up, command...
	file=$tmp/records/policy.conf
	rm -f "$file"
	eval "$3"
	box --here --record "$file" "${@:4}"
	no_refusal is "$label: $1: recorded" "$status $out" "0 $2"
	eval "$3"
	alone "${@:4}"
	also is "$label: $1: under the record" "$status $out $err" "0 $2 "
}

has() { # description, line of the record
	also ok "$label: $1" grep -qxF "$2" "$file"
}

lacks() { # description, pattern of lines that the record must not have
	also is "$label: $1" "$(test -s "$file" || echo "no record"; grep -E "$2" "$file")" ""
}

test_programs() {
	again "python3" "/ 3" : python3 -Ic 'import os, sqlite3, ssl
print("/", sqlite3.connect(":memory:").execute("select 1 + 2").fetchone()[0])'
	has "no family of sockets" RestrictAddressFamilies=none
	has "no file of the host but these" RootDirectory=none
	lacks "no directory of work" "^Bind.*=$work"
	again "python3 writes a database" "1" 'rm -f d.db' python3 -Ic 'import sqlite3
with sqlite3.connect("d.db") as d: d.execute("create table t(a)"); d.execute("insert into t values(1)"); print(*d.execute("select * from t").fetchone())'
	has "its directory is writable" "BindPaths=$work"
	again "make and gcc" "cc -o a src/a.c" 'rm -f a' make
	again "git clone" "src" 'rm -rf clone' sh -c 'git -c safe.directory=* clone -q --no-hardlinks . clone && cd clone && ls -d src'
	again "tar" "src/
src/a.c" 'rm -f t.tar' tar cvf t.tar src
	again "tar x" "src/
src/a.c" 'rm -rf to; mkdir to; chown "$owner" to; tar cf t.tar src' tar xvf t.tar -C to
	has "only that directory is writable" "BindPaths=$work/to"
	lacks "... not all of them" "^BindPaths=$work\$"
	again "openssl" "SHA2-256(src/a.c)= $(openssl dgst -sha256 src/a.c | sed 's/.* //')" : openssl dgst -sha256 src/a.c
	has "one file is read" "BindReadOnlyPaths=$work/src/a.c"
	again "perl" "1970" : perl -e 'use POSIX; print strftime("%Y\n", gmtime(0)); getpwuid(0)'
	again "a shell" "home
state" : sh -c 'touch ~/home /var/lib/state /tmp/x /run/y 2>/dev/null; [ -e /etc/passwd ]; ls ~ /var/lib | grep -x "home\|state"'
	again "sockets" "2" : python3 -Ic 'import socket; socket.socket(); print(len(socket.socketpair()))'
	has "a family" RestrictAddressFamilies=AF_INET
	lacks "... and no other" "^RestrictAddressFamilies=AF_(INET6|NETLINK)"
}

# What is in no record: other files, other calls, other families.
test_narrow() {
	local file=$tmp/records/narrow.conf
	rm -f "$file"
	box --here --record "$file" sh -c 'cat src/a.c | cat; : >"$0"' "$work/src/new"
	no_refusal is "$label: a narrow command" "$status" 0
	mode=(--no-scope --policy "$file")
	also shell "what the command did not read is not there" "src
no" 'echo '"$work"'/* | sed "s,.*/,,"; [ -e /etc/fstab ] || [ -e /etc/ssl ] || echo no'
	no_refusal shell "where it wrote nothing, a file is made" "" ": >$work/x"
	also ok "$label: ... in memory" test ! -e "$work/x"
	no_refusal shell "where it wrote, it can" "written" "echo written >$work/src/new; cat $work/src/new"
	mode=("${usual[@]}")
	also is "$label: a call that it did not make is denied" \
		"$("${who[@]}" "$isoctl" why "$file" call shmget -- sh 2>/dev/null | head -1)" \
		"call shmget: denied, EPERM"
}

# A volume that shows a home shows keys: of two of them, the record does not make all of them.
test_home() {
	local home=$tmp/ada file=$tmp/records/home.conf
	rm -rf "$home" "$file"
	mkdir -p "$home/.ssh" "$home/.config/app"
	for key in a b c; do echo "key $key" | tee "$home/.ssh/$key" "$home/.config/app/$key" >/dev/null; done
	chown -R "$owner" "$home"
	HOME=$home box -v "$home:$home:ro" --record "$file" sh -c 'cat "$0"/.ssh/[ab] "$0"/.config/app/[ab]' "$home"
	no_refusal is "$label: keys are read" "$status $out" "0 key a
key b
key a
key b"
	# promise P56
	also is "$label: the record shows these keys, and no other" "$(grep "^BindReadOnlyPaths=$home" "$file")" \
		"BindReadOnlyPaths=$home/.config/app
BindReadOnlyPaths=$home/.ssh/a
BindReadOnlyPaths=$home/.ssh/b"
}

# Of the capabilities of the run, the record has those that were used.
test_capabilities() {
	local file=$tmp/records/capabilities.conf program='import os, socket, sys
if "chroot" in sys.argv: os.chroot("/")
s = socket.socket()
s.bind(("127.0.0.1", 80))
print(s.getsockname()[1])'
	local given=(-p "AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_SYS_CHROOT" -p CapabilityBoundingSet=CAP_KILL)
	rm -f "$file"
	box "${given[@]}" --record "$file" python3 -Ic "$program"
	no_refusal is "$label: a program with capabilities" "$status $out" "0 80"
	# promise P56
	also is "$label: the record has only the one that was used" "$(grep '^[^#]*Capabilit' "$file")" \
		AmbientCapabilities=CAP_NET_BIND_SERVICE
	alone python3 -Ic "$program"
	also is "$label: ... and the program runs with it" "$status $out" "0 80"
	alone python3 -Ic 'print(open("/proc/self/status").read().split("CapBnd:")[1].split()[0])'
	also is "$label: ... without the others" "$status $out" "0 0000000000000400"
	rm -f "$file"
	box "${given[@]}" -p SystemCallFilter=chroot --record "$file" python3 -Ic "$program" chroot
	no_refusal is "$label: a program with two capabilities" "$status $out" "0 80"
	also is "$label: the record has the one that was used later, too" "$(grep '^[^#]*Capabilit' "$file")" \
		"AmbientCapabilities=CAP_NET_BIND_SERVICE
AmbientCapabilities=CAP_SYS_CHROOT"
	alone python3 -Ic "$program" chroot
	also is "$label: ... and the program runs with both" "$status $out" "0 80"
	rm -f "$file"
	box "${given[@]}" --record "$file" sh -c "cat Makefile 2>/dev/null; :"
	no_refusal is "$label: a program that uses none" "$status" 0
	lacks "the record has none" '^[^#]*Capabilit'
}

# Where the kernel does not count tasks, the tracer does. The reaper is one of them.
test_tasks() {
	local file=$tmp/records/tasks.conf program='import _thread, time
for i in range(19): _thread.start_new_thread(time.sleep, (1000,))
print("done")'
	rm -f "$file"
	box --record "$file" python3 -ISsc "$program"
	no_refusal is "$label: a program with 20 threads" "$status $out" "0 done"
	has "twice as many are its limit" TasksMax=42
}

# All that a directory has, with its times.
show_tree() { find "$@" -printf '%p %y %m %u %s %T@\n' | sort; }

# --permissive opens what the caller may do anyway. The record of it opens what was used, and the host stays as it was.
test_permissive() {
	local file=$tmp/records/permissive.conf home=/home/permissive-$label server port before given program
	local again='cat in.txt project/a project/b; echo more >>project/a; echo new >made; mkdir -p .cache/app; echo 1 >.cache/app/x
d=$(mktemp -d) && echo 1 >"$d/x" && cat "$d/x" && rm -r "$d"; cat made .cache/app/x project/a; cat /var/tmp/permissive.txt; ls -A; echo x >/etc/permissive 2>/dev/null; echo end'
	mkdir -p "$home/project" "$home/.cache" "$home/.ssh"
	echo hello >"$home/in.txt"
	echo a | tee "$home/project/a" "$home/project/b" "$home/.ssh/key" >"$home/unused"
	echo var >/var/tmp/permissive.txt
	chown -R "$owner:" "$home"
	given=(-p "Optional=MemoryMax MemorySwapMax TasksMax" --record "$file" --permissive)
	before=$(show_tree "$home" /var/tmp /srv; cat /proc/self/mounts)
	rm -f "$file"
	cd "$home" || exit
	run "${who[@]}" env HOME="$home" "$isorun" --quiet --no-scope "${given[@]}" sh -c "cd '$home'; $again"
	no_refusal is "$label: a permissive run" "$status $out" "0 hello
a
a
1
new
1
a
more
var
.cache
.ssh
in.txt
made
project
unused
end"
	also like "$label: ... says that it is open" "$err" "*--permissive: the command can read all that you can, and use your network and sockets; its*"
	# promise P62
	also is "$label: ... and nothing of the host has changed, and nothing is left" \
		"$(show_tree "$home" /var/tmp /srv; cat /proc/self/mounts; ls /etc/permissive 2>/dev/null)" "$before"
	has "what it wrote to is a volume" "BindPaths=$home/project"
	has "what it read is read-only" "BindReadOnlyPaths=$home/in.txt"
	has "what it wrote to its home is in memory" "TemporaryFileSystem=$home:mode=1777"
	lacks "nothing else of the home is there" "unused|[.]ssh"
	lacks "and no line that opened the run" "ProtectHome|PrivateNetwork|Abstract|GrantPeers|:overlay|@known"
	run "${who[@]}" env HOME="$home" "$isorun" --quiet --no-scope --policy "$file" sh -c "cd '$home'; $again"
	also is "$label: the record alone runs the same command" "$status $out" "0 hello
a
a
1
new
1
a
more
var
.cache
in.txt
made
project
end"
	run "${who[@]}" env HOME="$home" "$isorun" --quiet --no-scope "${given[@]}" --dry-run sh -c :
	also like "$label: --dry-run shows each line that opens" "$out" "*network *the host's*# --permissive:*"
	test_permissive_network
	test_permissive_volumes
	cd "$work" || exit
	rm -rf "$home" /var/tmp/permissive.txt
}

# A volume that the policy or the command line makes writable would be no overlay.
test_permissive_volumes() {
	local permissive=(--record "$tmp/records/x.conf" --permissive) no="with --permissive, the command may change nothing of the host, *"
	printf '[Sandbox]\nBindPaths=%s:/mnt\nBindReadOnlyPaths=%s:/media\nVolume=%s:/srv:overlay\n' "$home" "$home" "$home" >"$tmp/volumes.conf"
	chmod 644 "$tmp/volumes.conf"
	before=$(show_tree "$home")
	# promise P62
	refused "--permissive with a writable volume of the policy" "$tmp/volumes.conf:2: BindPaths=: $no$home*" \
		"${permissive[@]}" --policy "$tmp/volumes.conf" sh -c 'echo x >/mnt/volume'
	# promise P62
	refused "... of the command line" "--volume: Volume=: $no$home*" "${permissive[@]}" -v "$home:/mnt" sh -c 'echo x >/mnt/volume'
	# promise P62
	refused "... a file" "-p: BindPaths=: $no$home/in.txt: show it read-only" \
		"${permissive[@]}" -p "BindPaths=$home/in.txt" sh -c "echo x >>'$home/in.txt'"
	# promise P62
	refused "... a file for the output" "-p: $no$home/in.txt: *" "${permissive[@]}" -p "StandardOutput=append:$home/in.txt" echo x
	# promise P62
	also is "$label: ... and nothing has changed" "$(show_tree "$home")" "$before"
	sed -i 2d "$tmp/volumes.conf"
	run "${who[@]}" env HOME="$home" "$isorun" --quiet --no-scope "${given[@]}" --policy "$tmp/volumes.conf" \
		sh -c 'cat /media/in.txt; echo x >/srv/volume && cat /srv/volume; ls /media/volume 2>/dev/null || echo end'
	no_refusal is "$label: ... but one that is read-only, and an overlay" "$status $out $(show_tree "$home")" "0 hello
x
end $before"
	rm -f "$tmp/volumes.conf"
}

# Peers by the name that was looked up: of hosts(5), and of a name server, whose answer the program sends to itself here.
test_permissive_network() {
	rm -f "$file" "$tmp/port-permissive" "$home/socket"
	echo "127.0.0.1 db.permissive" >>/etc/hosts
	program='import os, socket, struct, sys, threading
port, home = int(sys.argv[1]), sys.argv[2]
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
name = b"\3www\7example\3org\0"
a.send(b"\1\2\x81\x80" + struct.pack(">HHHH", 1, 1, 0, 0) + name + struct.pack(">HH", 1, 1) +
       b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("127.0.0.7"))
b.recv(1500)
own = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=own.accept).start()
socket.create_connection(own.getsockname()).close()
for peer in "db.permissive", sys.argv[3]:
    print(len(socket.create_connection((peer, port)).recv(1)))
s = socket.socket(socket.AF_UNIX)
s.connect(home + "/socket")
print(len(s.recv(1)))'
	"${who[@]}" python3 -Ic 'import os, socket, sys, threading
s = socket.create_server(("", 0))
u = socket.socket(socket.AF_UNIX)
u.bind(sys.argv[1] + "/socket")
u.listen()
def serve(s):
    while True: s.accept()[0].close()
threading.Thread(target=serve, args=(u,)).start()
print(s.getsockname()[1], flush=True)
serve(s)' "$home" >"$tmp/port-permissive" &
	server=$!
	await test -s "$tmp/port-permissive"
	port=$(cat "$tmp/port-permissive")
	run "${who[@]}" env HOME="$home" "$isorun" --quiet --no-scope "${given[@]}" python3 -Ic "$program" "$port" "$home" 127.0.0.7
	no_refusal is "$label: peers and a socket of the host, in a permissive run" "$status $out" "0 0
0
0"
	also is "$label: the record has the peers by their names" \
		"$(grep '^ConnectTo=' "$file" | grep -v "=127.0.0.1:")" "ConnectTo=localhost:$port
ConnectTo=www.example.org:$port=127.0.0.7:$port"
	has "... also those of hosts(5)" "ConnectTo=db.permissive:$port=127.0.0.1:$port"
	has "... and the socket" "BindReadOnlyPaths=$home/socket"
	lacks "... and not the host's network" "^PrivateNetwork"
	run "${who[@]}" env HOME="$home" "$isorun" --quiet --no-scope --policy "$file" python3 -Ic "$program" "$port" "$home" www.example.org
	also is "$label: ... and the program reaches them by these names" "$status $out" "0 0
0
0"
	kill "$server"
	wait "$server" 2>/dev/null
	sed -i '/db[.]permissive/d' /etc/hosts
}

# The names of files and of programs are the payload's.
test_hostile() {
	local file=$tmp/records/hostile.conf
	rm -f "$file" "$work"/src/*$'\n'*
	box --here --record "$file" python3 -Ic 'import ctypes
ctypes.CDLL(None).prctl(15, b"x\x1b[1m\nTasks")
open("src/x\nTasksMax=7", "w").close()
open("src/a\"b\\c%h", "w").close()
open("/etc/hostname").close()'
	no_refusal is "$label: a program with strange names" "$status $err" "0 isorun: the sandbox has denied nothing"
	# promise P56
	also is "$label: none of them is a line of the record" "$(grep -v '^#' "$file" | grep -c 'TasksMax=7')" 0
	also ok "$label: they are shown escaped" grep -qF 'by x\x1b[1m' "$file"
	rm -f "$work"/src/*$'\n'* "$work"/src/a?b*
	# A directory with such a name cannot be in a policy.
	mkdir "$work/q\"r"
	chown "$owner" "$work/q\"r"
	rm -f "$file"
	box --here --record "$file" sh -c ': >"$0"' "$work/q\"r/new"
	no_refusal is "$label: a directory with a strange name" "$status" 0
	also ok "$label: a comment tells it" grep -qF '# isorun cannot write a line for this path: '"$work/q\"r" "$file"
	rm -rf "$work/q\"r" "$file"
	box --here --record "$file" python3 -Ic 'import os
for i in range(40000):
    try: os.stat("/usr/%d" % i)
    except OSError: pass
for i in range(40000): os.path.exists("src/../" * (i % 300) + "src/a.c")'
	no_refusal is "$label: a program that looks at many paths" "$status" 0
	also ok "$label: its record is small" test "$(stat -c %s "$file")" -lt 20000
}

test_peers() {
	local file=$tmp/records/peers.conf server port
	rm -f "$file" "$tmp/port"
	python3 -Ic 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True: s.accept()[0].close()' >"$tmp/port" &
	server=$!
	await test -s "$tmp/port"
	port=$(cat "$tmp/port")
	box -c "a.example:80=127.0.0.1:$port" -c "b.example:80=127.0.0.1:$port" -c "c.example:53/udp=127.0.0.1:$port" \
		-c "d.example:53/udp=127.0.0.1:$port" -c "e.example:53/udp=127.0.0.1:$port" \
		-c "f.example:53/udp=127.0.0.1:$port" -c "g.example:53/udp=127.0.0.1:$port" -c "*.example:81=127.0.0.1:$port" \
		--record "$file" python3 -Ic 'import socket
print(len(socket.create_connection(("a.example", 80)).recv(1)))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"x", (socket.gethostbyname("c.example"), 53))
s.sendmsg([b"x"], [], 0, (socket.gethostbyname("d.example"), 53))
import ctypes
class Part(ctypes.Structure): _fields_ = [("base", ctypes.c_char_p), ("size", ctypes.c_size_t)]
class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("name_size", ctypes.c_uint), ("parts", ctypes.POINTER(Part)), ("n", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_size", ctypes.c_size_t), ("flags", ctypes.c_int), ("gap", ctypes.c_int),
                ("sent", ctypes.c_uint), ("rest", ctypes.c_int)]
def address(name): return (2).to_bytes(2, "little") + (53).to_bytes(2, "big") + socket.inet_aton(socket.gethostbyname(name)) + bytes(8)
part = Part(b"x", 1)
def message(name): return Message(name, len(name), ctypes.pointer(part), 1)
# The third address is too short, so the fourth is not sent to.
messages = (Message * 4)(message(address("d.example")), message(address("f.example")), message(b"x"), message(address("g.example")))
print(ctypes.CDLL(None).sendmmsg(s.fileno(), messages, 4, 0))'
	no_refusal is "$label: one of two peers" "$status $out" "0 0
2"
	also is "$label: the record has it and those of datagrams, by their names, and what cannot be watched" \
		"$(grep '^ConnectTo=' "$file")" "ConnectTo=a.example:80=127.0.0.1:$port
ConnectTo=c.example:53/udp=127.0.0.1:$port
ConnectTo=d.example:53/udp=127.0.0.1:$port
ConnectTo=f.example:53/udp=127.0.0.1:$port
ConnectTo=*.example:81=127.0.0.1:$port"
	alone python3 -Ic 'import socket
print(len(socket.create_connection(("a.example", 80)).recv(1)))'
	also is "$label: ... and reaches it" "$status $out" "0 0"
	kill "$server"
	wait "$server" 2>/dev/null
}

test_policies() {
	local file=$tmp/records/mine.conf
	rm -f "$file"
	cat >"$tmp/mine.conf" <<-END
		[Policy]
		Optional=MemoryMax
		[Scope]
		MemoryMax=1G
		[Sandbox]
		Environment=WHAT="a b%%c"
		File=/etc/motd:50%% of %i\n
		BindReadOnlyPaths=$work/src:/there
		BindPaths=$work:/unused
		BindPaths=$work
		ReadOnlyPaths=$work/Makefile
		InaccessiblePaths=-/etc/fstab
		SystemCallErrorNumber=EACCES
	END
	chmod 644 "$tmp/mine.conf"
	box --policy "$tmp/mine.conf" --name "record-$label" --record "$file" sh -c 'echo "$WHAT"; cat /etc/motd /there/a.c; cat "$0" >/dev/null' "$work/Makefile"
	no_refusal is "$label: a policy of one's own" "$status $out" "0 a b%c
50% of record-$label
$(cat src/a.c)"
	alone sh -c 'echo "$WHAT"; cat /etc/motd /there/a.c "$0" >/dev/null; cat /etc/motd /there/a.c; ls /unused' "$work/Makefile"
	also is "$label: its other lines stay, and what was not used goes" "$status $out $err" "2 a b%c
50% of record-$label
$(cat src/a.c) ls: cannot access '/unused': No such file or directory"
	has "a volume at another place" "BindReadOnlyPaths=$work/src/a.c:/there/a.c"
	has "a file of a volume that is read-only" "BindReadOnlyPaths=$work/Makefile"
	has "a limit that was not measured stays" MemoryMax=1G
	has "... and the record says so" "# Its memory could not be measured: it had no cgroup with the memory controller."
}

# A second run adds what it used; with --tighten, what it did not use goes.
test_again() {
	local file=$tmp/records/again.conf
	rm -f "$file"
	box --here --record "$file" cat src/a.c
	sed -i 's,^BindReadOnlyPaths=/usr$,# mine\n&\nBindReadOnlyPaths=-/srv/mine,' "$file"
	chmod 640 "$file"
	box --here --record "$file" sh -c 'mkdir "$0"/made && cat Makefile >/dev/null' "$work"
	no_refusal is "$label: two runs" "$status" 0
	has "what the first one used" "BindReadOnlyPaths=/etc/ld.so.cache"
	has "what the second one used" "BindPaths=$work"
	lacks "and a file in it has no line" "$work/"
	has "what the user has added" "BindReadOnlyPaths=-/srv/mine"
	also is "$label: the file keeps its mode" "$(stat -c %a "$file")" 640
	rmdir "$work/made"
	alone sh -c 'mkdir "$0"/made && cat "$0"/src/a.c' "$work"
	also is "$label: a command under both" "$status $out $err" "0 $(cat "$work/src/a.c") "
	rmdir "$work/made"
	box --here --record "$file" --tighten cat src/a.c
	also like "$label: what was not used goes, and isorun says that" "$status $(grep "removed: Bind" <<<"$err")" \
		"0 *isorun: not used, and so removed: BindPaths=$work
isorun: not used, and so removed: BindReadOnlyPaths=-/srv/mine"
	has "what was used stays" "BindReadOnlyPaths=$work/src/a.c"
	lacks "what was not used is not there" "=$work\$|/srv/mine"
}

test_refusals() {
	local file=$tmp/records/there.conf
	echo mine >"$file"
	refused "a file that is no policy" "$file:1: *" --record "$file" true
	also is "$label: ... stays" "$(cat "$file")" mine
	refused "--tighten alone" "--tighten needs --record" --tighten true
	refused "--permissive alone" "--permissive needs --record" --permissive true
	refused "--permissive with another root" "-p: RootDirectory=: --permissive *" --record "$tmp/records/x.conf" --permissive -p RootDirectory=none true
	refused "no such directory" "--record: cannot write to /nonexistent: No such file or directory" --record /nonexistent/x.conf true
	refused "--detach" "--record writes when the command has ended, so it cannot be combined with --detach" --record x --detach true
	refused "--batch" "--batch cannot be combined with --record" --record x --batch
	rm "$file"
	printf '[Stage.late]\nReadOnlyPaths=/\n' >"$tmp/stages.conf"
	chmod 644 "$tmp/stages.conf"
	refused "stages" "$tmp/stages.conf:2: --record cannot write a policy with stages" --policy "$tmp/stages.conf" --record "$file" true
	box --record "$file" /nonexistent/command
	also is "$label: a command that does not start is not recorded" "$status $(ls "$file" 2>&1)" \
		"127 ls: cannot access '$file': No such file or directory"
}

# If the tracer ends, so does the command, and nothing is written.
test_tracer() {
	local file=$tmp/records/killed.conf job watcher
	rm -f "$tmp/begun"
	"${who[@]}" "$isorun" --quiet "${mode[@]}" --record "$file" sh -c 'echo begun; exec sleep 1000' >"$tmp/begun" 2>"$tmp/told" &
	job=$!
	await grep -qs begun "$tmp/begun"
	watcher=$(pgrep -x isorun-watch)
	also is "$label: one process watches" "$(wc -w <<<"$watcher")" 1
	kill -KILL "$watcher"
	wait "$job"
	status=$?
	also is "$label: the instance ends with its tracer, without a record" "$status $(ls "$tmp/records/killed.conf" 2>&1)" \
		"137 ls: cannot access '$file': No such file or directory"
}

verified_with_cgroup() {
	local mode=(-p Optional="MemoryMax MemorySwapMax TasksMax")
	verified_start
}

all() {
	verified_with_cgroup
	make_files
	test_programs
	test_narrow
	test_home
	test_capabilities
	test_tasks
	test_permissive
	test_hostile
	test_peers
	test_policies
	test_again
	test_refusals
	test_tracer
}

usual=(--no-scope -p "Optional=MemoryMax MemorySwapMax TasksMax")
mode=("${usual[@]}")
as_everybody all
