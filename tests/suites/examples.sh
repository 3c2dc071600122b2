#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The programs in docs/examples/self, which isolate themselves: each is built and run. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
if is_sanitized; then
	skip "the examples" "the sanitizer's leak check uses ptrace(2), which fails in the program's own sandbox"
	exit 0
fi
if [ "${TESTHOST-real}" = real ] || [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP a site and a policy would be put into this machine"
	exit 0
fi
# shellcheck disable=SC2034  # lib.sh's: the programs under test isolate themselves
note=" [no isorun]"
# Debian's own compilers and python3.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=$tmp
cp -r "$top/docs/examples/self" "$tmp/examples"
cd "$tmp/examples" || exit

# The web server, where nothing of isorun is installed, and of its library only the archive and the header.
mount -t tmpfs none /srv
mkdir -p "$tmp/only" /srv/www
cp -r "$top/include/isorun" "$build/src/libisorun.a" "$tmp/only/"
echo "from the site" >/srv/www/index.html
run make CHECK=: CFLAGS="-O2 -Wall -Wextra -Werror" LIBS="-I$tmp/only $tmp/only/libisorun.a"
is "the web server is built with the archive alone" "$status $err" "0 "
ok "... into a program that needs no library" not grep -q NEEDED <(readelf -d server 2>&1)

# The body of the answer and its status.
get() { curl -s --path-as-is --max-time 5 -w '%{http_code} ' "http://127.0.0.1:8080/$1"; }
answers() { curl -sf --max-time 1 http://127.0.0.1:8080/index.html >/dev/null; }
silent() { ! curl -s --max-time 1 http://127.0.0.1:8080/ >/dev/null; }

# It serves its site, and finds none of the machine's files. $server is the process that was started.
serves() { # description, command...
	label=$1
	"${@:2}" >/dev/null 2>"$tmp/server.err" </dev/null &
	server=$!
	await answers || sed "s/^/# /" "$tmp/server.err"
	also is "$label: it serves its site" "$(get index.html)" $'from the site\n200 '
	also is "$label: ... and nothing of the machine" \
		"$(get ../../etc/passwd; get ../../usr/bin/env; get ../../srv/www/index.html)" \
		$'404 404 from the site\n200 '
}

ends() {
	kill "$server"
	wait "$server"
	also is "$label: ... and ends with the signal that its starter gets" "$?" 143
	also ok "$label: ... and nothing is left of it" eventually silent
}

mkdir "$tmp/bare"
serves "a bare machine" "$build/tests/library/bare" "$tmp/bare" "$tmp/examples/server"
also is "$label: ... in a sandbox" \
	"$(grep -hs NoNewPrivs: "/proc/$(pgrep -f -n '^/tmp/.*/server$')/status")" $'NoNewPrivs:\t1'
ends

# The rest is on a machine that has isorun.
mkdir -p "$tmp/usr/lib/python3/dist-packages" "$tmp/usr/lib/site" "$tmp/usr/include"
cp server "$tmp/usr/lib/site/"
cp "$top/python/isorun.py" "$tmp/usr/lib/python3/dist-packages/"
cp "$build/src/libisorun.so.0" "$tmp/usr/lib/"
ln -s libisorun.so.0 "$tmp/usr/lib/libisorun.so"
cp -r "$top/include/isorun" "$tmp/usr/include/"
install_isorun

squeezed() { tr -s ' ' | sed 's/ [0-9]\.[0-9] / E /'; } # the exposure as E
run isoctl inspect --no-legend server
no_refusal is "inspect reads its policy" "$status $(squeezed <<<"$out")" "0 ./server $(uname -m) valid E 1 - A small web server"
strip -o stripped server
run isoctl inspect --no-legend stripped
no_refusal is "... and that of a copy without symbols" "$status $(squeezed <<<"$out")" \
	"0 ./stripped $(uname -m) valid E 1 - A small web server"
serves "without symbols" "$PWD/stripped"
ends

# A policy of the site, in place of the program's own, and in its file.
run isoctl check --within ./server site.conf
no_refusal is "the policy of the site allows no more than the program's" "$status $out$err" "0 "
run isoctl check --within site.conf ./server
refusal like "... which allows more" "$status $err" "1 *"
sed -i '/^\[Scope\]/i Optional=MemoryMax TasksMax\n' site.conf
processes() { pgrep -fc "^$PWD/$1( |\$)"; }
refusal serves "under the site's policy" isorun --quiet --policy site.conf "$PWD/server"
also is "$label: ... in its only sandbox" "$(processes server)" 1
ends
run isoctl embed site.conf server -o embedded
no_refusal is "embed puts the site's policy into a copy" "$status $err" "0 "
run isoctl inspect --no-legend embedded
no_refusal is "... as inspect shows" "$status $(squeezed <<<"$out")" "0 ./embedded $(uname -m) valid E 1 - The web server of this site"
refusal serves "with the site's policy embedded" "$PWD/embedded"
also verified 'isorun-embedded-*'
ends

# As a service of the template unit. Its policy names the program, which finds itself isolated.
site_service() {
	label="isorun@site"
	mkdir -p /etc/isorun/policies
	sed "/^Optional=/a ExecStart=/usr/lib/site/server" site.conf >/etc/isorun/policies/site.conf
	cp "$build/units/system-isorun@.service" "/run/systemd/system/isorun@.service"
	systemctl daemon-reload
	refusal serves "$label" systemctl start isorun@site
	also is "$label: ... in its only sandbox" "$(pgrep -xc server)" 1
	also verified isorun@site.service
	systemctl stop isorun@site
	also ok "$label: ... until it is stopped" eventually silent
	rm -r /etc/isorun "/run/systemd/system/isorun@.service"
	systemctl daemon-reload
}
site_service
umount -l /srv

# Other languages, by the shared library.
isolates() { # description, program that the command builds, command
	label=
	if ! [ -x "$(command -v "${3%% *}")" ]; then
		skip "$1" "no ${3%% *}"
		return
	fi
	run sh -c "$3"
	[ "$status" != 0 ] || run env FROM=caller "./$2"
	is "$1" "$status $out $err" "0 isolated under its-own-policy "
	is "... on a machine that isorun is not installed on" \
		"$(unshare -m sh -c 'mount --bind /dev/null /usr/bin/isorun && exec env FROM=caller "$0"' "$PWD/$2")" \
		"isolated under its-own-policy"
}
isolates "Rust" hello "rustc -C opt-level=1 hello.rs"
rm -f hello
isolates "Go, with cgo" hello "go build hello.go"
isolates "Python" hello.py "chmod +x hello.py"

# The module of Python.
cat >tries.py <<'PY'
#!/usr/bin/python3
# isorun: [Sandbox]
# isorun: Environment=FROM=its-own-policy
# isorun: [Stage.serving]
# isorun: SystemCallFilter=~execve execveat
# isorun: ReadOnlyPaths=/
import os, sys, threading
import isorun

def said(priority, line):
    print(priority, line, flush=True)

what = sys.argv[1]
if what == "run":
    status = isorun.run()
    if status is None:
        sys.exit(int(sys.argv[2]))
    print(os.waitstatus_to_exitcode(status), isorun.is_isolated(), isorun.version())
elif what == "log":
    print(isorun.is_isolated(log=said))
elif what == "thread":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    isorun.isolate()
elif what == "raise":
    isorun.is_isolated(log=lambda priority, line: 1 / 0)
elif what == "restrict":
    def attempt():
        for mode in "r", "w":
            try:
                open("/usr/lib/os-release" if mode == "r" else "/tmp/new", mode).close()
                print(mode, end=" ")
            except OSError as e:
                print(e.strerror, end=" ")
        try:
            os.posix_spawn("/bin/true", ["true"], {})
            print("ran", end=" ", flush=True)
        except OSError as e:
            print(e.strerror, end=" ", flush=True)

    isorun.isolate()
    attempt()
    isorun.restrict(sys.argv[2])
    attempt()
elif what == "outside":
    isorun.restrict("serving")
elif what == "stay":
    isorun.isolate()
    print("inside", flush=True)
    threading.Event().wait()
elif what == "is":
    isorun.isolate()
    print(isorun.is_isolated(), sys.argv[2:], os.getpid() < 10)
PY
chmod +x tries.py
run ./tries.py is "a b" ""
is "in the sandbox, is_isolated() is true, and the arguments are there" "$status $out $err" "0 True ['a b', ''] True "
run python3 tries.py is
is "... also if the script was an argument of python3" "$status $out $err" "0 True [] True "
./tries.py stay >"$tmp/said" 2>&1 </dev/null &
await grep -qsx inside "$tmp/said"
also verified 'tries.py-*'
kill $!
wait $!
also is "a script that isoctl verifies ends with the signal that its starter gets" "$?" 143
run ./tries.py run 3
is "run() returns the status" "$status $out $err" "0 3 False $(sed -n "s/^  version : '\(.*\)',/\1/p" "$top/meson.build") "
run ./tries.py log
is "is_isolated() gives the reason to a function" "$status $out" \
	"0 5 not isolated: no_new_privs is not set, or no system call filter is loaded"$'\n'"False"
run ./tries.py raise
like "... whose exception is raised" "$status $err" "1 Traceback *ZeroDivisionError: *"
run ./tries.py restrict serving
# promise P50
is "a script enters a stage of its policy" "$status $out $err" \
	"0 r w ran r Permission denied Operation not permitted  "
run ./tries.py restrict other
like "... which its policy must have" "$status $out $err" "1 r w ran  *no section [[]Stage.other] (it has serving)*"
run ./tries.py outside
like "... and which it cannot enter outside of its sandbox" "$status $err" "1 isorun: not isolated, so the stage serving \
changes nothing: *"
run ./tries.py thread
like "a script with threads is refused" "$status $err" "1 isorun: this process has 2 threads: *isorun.Error: [[]Errno 16[]] *"
chmod -x tries.py
run python3 tries.py is
like "a script that cannot be executed is refused" "$status $err" "1 isorun: the sandbox cannot execute *: Permission denied *"
run python3 -c 'import isorun; isorun.isolate()'
like "what is no script is refused" "$status $err" "1 *RuntimeError: no script runs: *"
printf 'import isorun\nisorun.isolate()\n' >bare.py
run python3 bare.py
like "a script without a first line for the kernel is refused" "$status $err" "1 isorun: *bare.py is not a script: *"
printf '#!/usr/bin/python3\nimport isorun\nisorun.isolate()\n' >bare.py
run python3 bare.py
like "a script without a policy is refused" "$status $err" "1 isorun: *bare.py carries no policy *"
