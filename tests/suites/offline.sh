#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl --root: policies and programs of a host of which there is only the root directory. As root, and as a user to whom
# no file of it belongs.
. "$(dirname "$0")/../lib.sh"
note=" [no refusal]"
tree=$tmp/tree
said="isoctl: notice: --root: assumes root of the host, with systemd and a kernel that has all that isorun uses (Landlock ABI 7): isoctl check there tells what it lacks"

# As mmdebstrap leaves one, but small.
make_tree() {
	mkdir -p "$tree"/{etc/isorun/policies,proc,usr/bin,usr/lib/isorun/policies,var/lib/store,root,home/ann}
	ln -s usr/bin "$tree/bin"
	printf 'root:x:0:0::/root:/bin/sh\nweb:x:4777:4778::/:/bin/false\n' >"$tree/etc/passwd"
	printf 'root:x:0:\nweb:x:4778:\nstore:x:4999:web\n' >"$tree/etc/group"
	echo another-host >"$tree/etc/hostname"
	cp "$(type -P true)" "$tree/usr/bin/real-server"
	ln -s /usr/bin/real-server "$tree/usr/bin/server"
	cat >"$tree/etc/isorun/policies/site.conf" <<-'EOF'
		[Policy]
		Base=below
		Description=%H of %u in %h
		ExecStart=/usr/bin/server
		[Sandbox]
		User=web
		[Scope]
		MemoryMax=100M
	EOF
	ln -s /usr/lib/isorun/policies/real-below.conf "$tree/etc/isorun/policies/below.conf"
	printf '[Sandbox]\nSystemCallFilter=@system-service\nUMask=0031\n' >"$tree/usr/lib/isorun/policies/real-below.conf"
}

there() { run "${who[@]}" "$isoctl" "$1" --root "$tree" "${@:2}"; }

# The notices are left out of $err.
plain() { there "$@"; err=$(grep -v '^isoctl: notice: --root: ' <<<"$err"); }

its_policies() {
	plain explain --json site
	is "$label: explain: its policies, users, symlinks and name" \
		"$status $err $(python3 -c '
import json, sys
s = json.load(sys.stdin)["summary"]
print(*s["policy"]["description"], *s["command"]["executable"], *s["users"]["uid"], *s["users"]["gid"], *s["limits"]["limits"], s["held by"]["kind"])' <<<"$out")" \
		"0  another-host of root in /root /usr/bin/server 4777 4778 MemoryMax=100M scope"
	plain explain --verbose site
	like "$label: ... with the lines of the policy below" "$out" "*0031*/etc/isorun/policies/below.conf:3*"
	there analyze site
	like "$label: analyze: and what is assumed" "$status $err $out" "0 $said*Overall exposure of site: [0-9].[0-9] [A-Z]*"
	plain analyze --threshold 0 --json site
	is "$label: ... the JSON, and over the threshold" "$status $err $(python3 -c '
import json, sys
print(sorted({r["origin"]["file"] for r in json.load(sys.stdin)["rows"] if r["origin"] and r["origin"]["file"]}))' <<<"$out")" \
		"1  ['/etc/isorun/policies/below.conf', '/etc/isorun/policies/site.conf']"
	plain check site below
	is "$label: check" "$status $out$err" "0 "
	printf '[Sandbox]\nPrivateNetwork=no\n' >"$tree/etc/isorun/policies/wide.conf"
	plain diff below wide
	like "$label: diff" "$status $out$err" "1 wide allows, and below does not:*PrivateNetwork=*/etc/isorun/policies/wide.conf:2*"
	plain check --within below wide
	like "$label: check --within" "$status $err" "1 isoctl: /etc/isorun/policies/wide.conf:2: PrivateNetwork=*"
	plain meet below wide
	like "$label: meet" "$status $out$err" "0 # isoctl meet below wide*UMask=0031*"
	rm "$tree/etc/isorun/policies/wide.conf"
}

# What the host has must not count: policies of these names, its users, its environment.
nothing_of_here() {
	local name
	printf '[Sandbox]\nPrivateNetwork=no\n' >"$tmp/secret.conf"
	chmod 644 "$tmp/secret.conf"
	ln -sf "$tmp/secret.conf" "$tree/etc/isorun/policies/out.conf"
	ln -sf "../../../../../../../../../..$tmp/secret.conf" "$tree/etc/isorun/policies/up.conf"
	for name in out up; do
		refusal plain check "$name"
		# promise P60
		refusal like "$label: a policy whose symlink leads out ($name) is not there" "$status $err" "125 isoctl: no policy \"$name\" in *"
	done
	rm "$tree/etc/isorun/policies/"{out,up}.conf
	refusal plain check "$tmp/secret.conf"
	# promise P60
	refusal like "$label: nor is a file of this host" "$status $err" "125 isoctl: *$tmp/secret.conf*No such file*"
	printf '[Sandbox]\nUser=%s\n' "${TH_USER:-nobody}" >"$tree/etc/isorun/policies/user.conf"
	refusal plain check user
	# promise P60
	refusal like "$label: nor a user of this host" "$status $err" "125 isoctl: /etc/isorun/policies/user.conf:2: User=*${TH_USER:-nobody}*"
	printf '[Policy]\nDescription=%%b\n' >"$tree/etc/isorun/policies/user.conf"
	refusal plain check user
	refusal like "$label: nor its boot" "$status $err" "125 isoctl: /etc/isorun/policies/user.conf:2: Description=*%b*"
	rm "$tree/etc/isorun/policies/user.conf"
	refusal plain explain no-such
	refusal like "$label: its directories are those of the other host" "$status $err" \
		"125 isoctl: no policy \"no-such\" in /root/.config/isorun/policies, /etc/isorun/policies, *"
}

hostile() {
	local name
	mkfifo "$tree/etc/isorun/policies/fifo.conf" "$tree/usr/bin/fifo"
	ln -s loop.conf "$tree/etc/isorun/policies/loop.conf"
	ln -s /proc/self/fd/0 "$tree/etc/isorun/policies/input.conf"
	truncate -s 100G "$tree/etc/isorun/policies/huge.conf" "$tree/usr/bin/huge"
	printf '[Policy]\nBase=self\n' >"$tree/etc/isorun/policies/self.conf"
	chmod +x "$tree/usr/bin/"{fifo,huge}
	for name in "fifo not a regular file" "loop Too many levels*" "input Too many levels*" "huge too large*" "self *its own base*"; do
		refusal run timeout 20 "${who[@]}" "$isoctl" check --root "$tree" "${name%% *}"
		# promise P60
		refusal like "$label: hostile: a policy that is ${name%% *}" "$status $err" "125 *${name#* }*"
	done
	run timeout 20 "${who[@]}" "$isoctl" inspect --root "$tree" --no-legend /usr/bin
	is "$label: hostile: programs" "$status $out" "0 "
	for name in 1 2; do
		ln -sf "/proc/self/fd/$name" "$tree/etc/isorun/policies/output.conf"
		echo "a secret of the caller" >"$tmp/output" && chmod 666 "$tmp/output"
		timeout 20 "${who[@]}" "$isoctl" check --root "$tree" output >>"$tmp/output" 2>&1
		# promise P60
		refusal is "$label: hostile: a policy that is the caller's output $name is not read" \
			"$? $(grep -c 'secret' "$tmp/output") $(grep -c 'output.*Too many levels of symbolic links' "$tmp/output")" "125 1 1"
	done
	rm "$tree"/etc/isorun/policies/{fifo,loop,input,huge,self,output}.conf "$tree"/usr/bin/{fifo,huge}
	mv "$tree/etc/passwd" "$tree/etc/passwd-" && mkfifo "$tree/etc/passwd"
	refusal run timeout 20 "${who[@]}" "$isoctl" check --root "$tree" site
	# promise P60
	refusal like "$label: hostile: users in a FIFO" "$status $err" "125 *User=*web*"
	mv "$tree/etc/passwd-" "$tree/etc/passwd"
}

programs() {
	printf '#!/bin/sh\n# isorun: [Sandbox]\n# isorun: PrivateNetwork=yes\n' >"$tree/usr/bin/script"
	chmod 755 "$tree/usr/bin/script"
	plain inspect --no-legend /usr/bin
	like "$label: inspect: a directory of it" "$status $out$err" "0 /usr/bin/script *script *valid*"
	plain inspect --no-legend /bin/script
	like "$label: ... a program" "$status $out$err" "0 /bin/script *valid*"
	run "${who[@]}" "$isoctl" inspect --root "$tree" --no-legend - <<<"/usr/bin/script"
	echo /usr/bin/script >"$tmp/list"
	out=$("${who[@]}" "$isoctl" inspect --root "$tree" --no-legend - <"$tmp/list" 2>/dev/null)
	like "$label: ... a list" "$out" "/usr/bin/script *valid*"
	printf '[Sandbox]\nUMask=0032\n' >"$tree/usr/bin/server-2.isorun.conf"
	cp "$(type -P true)" "$tree/usr/bin/server-2"
	plain explain --verbose /usr/bin/server-2
	like "$label: a file beside a program" "$status $err$out" "0 *0032*/usr/bin/server-2.isorun.conf:2*"
	if [ "$label" = root ]; then
		chown 12345 "$tree/usr/bin/server-2.isorun.conf"
		refusal plain explain /usr/bin/server-2
		refusal like "$label: ... of another owner" "$status $err" "125 *refused: /usr/bin/server-2.isorun.conf*"
	fi
	printf '[Sandbox]\nUMask=0033\n' >"$tree/etc/isorun/policies/script.conf"
	plain explain --verbose /usr/bin/script
	like "$label: the administrator's policy there counts for its programs" "$status $err$out" \
		"0 *0033*/etc/isorun/policies/script.conf:2*"
	plain analyze --json /usr/bin/script
	is "$label: ... also for analyze" "$status $err $(python3 -c '
import json, sys
print([r["origin"]["file"] for r in json.load(sys.stdin)["rows"] if r["name"] == "UMask="])' <<<"$out")" \
		"0  ['/etc/isorun/policies/script.conf']"
	rm "$tree"/usr/bin/{script,server-2*} "$tree/etc/isorun/policies/script.conf"
}

# A library of a stranger that the names of users would need, as glibc reads nsswitch.conf(5).
runs_nothing() {
	local trace=$tmp/trace-$label
	if ! type -P strace >/dev/null; then
		skip "$label: runs nothing of the directory" "no strace"
		return
	fi
	: >"$trace" && chmod 666 "$trace"
	printf 'passwd: evil\ngroup: evil\n' >"$tree/etc/nsswitch.conf"
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 "${who[@]}" strace -f -o "$trace" -e trace=seccomp,openat,execve,socket \
		"$isoctl" explain --root "$tree" site >/dev/null 2>&1
	is "$label: runs nothing of the directory: asks no library for users" "$(grep -c nsswitch "$trace")" 0
	# shellcheck disable=SC2016
	# promise P60
	also refusal is "$label: ... and reads it behind a filter" \
		"$(awk '/seccomp\(SECCOMP_SET_MODE_FILTER.* = 0/ { filter = 1 }
			/openat\(.*etc\/isorun\/policies\/site.conf/ { print filter ? "filter" : "no filter" }
			filter && /(execve|socket)\(.* = [0-9]/ { print "runs" }' "$trace" | sort -u)" filter
	rm "$tree/etc/nsswitch.conf"
}

not_a_root() {
	refusal run "${who[@]}" "$isoctl" check --root "$tmp/no-such" site
	refusal is "$label: a directory that is not there" "$status $err" "125 isoctl: --root: cannot open $tmp/no-such: No such file or directory"
	mkdir -p "$tmp/empty"
	refusal run "${who[@]}" "$isoctl" check --root "$tmp/empty" site
	refusal is "$label: a directory without /proc" "$status $err" \
		"125 isoctl: --root: cannot mount a /proc for isoctl in $tmp/empty: No such file or directory (it needs a directory of that name)"
	refusal run "${who[@]}" "$isoctl" check --root "$tmp/secret.conf" site
	refusal is "$label: not a directory" "$status $err" "125 isoctl: --root: $tmp/secret.conf is not a directory"
	run "${who[@]}" "$isoctl" check --offline default
	like "$label: --offline: this host's own files" "$status $err" "0 ${said/--root/--offline}*"
}

listing() { find "$tree" -printf '%p %T@ %m %u\n' | sort | sha256sum; }

changes_nothing() {
	local before
	before=$(listing)
	plain explain site
	plain analyze site
	plain inspect /usr/bin
	# promise P60
	is "$label: nothing in it has changed" "$(listing)" "$before"
}

all() {
	make_tree
	chmod -R a+rX "$tree"
	its_policies
	nothing_of_here
	changes_nothing
	hostile
	programs
	runs_nothing
	not_a_root
	rm -rf "$tree"
}

label=root
[ "$(id -u)" = 0 ] || label=user
all
if [ "$(id -u)" = 0 ] && [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user")
	all
fi
