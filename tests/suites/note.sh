#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The policy in a program's own file: docs/elf-note.md. Needs no systemd.
. "$(dirname "$0")/../lib.sh"
note=" [no refusal]"
quiet=("$isorun" --no-scope --quiet)
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd "$tmp" || exit

# A program with the policy on standard input, made as docs/elf-note.md shows.
make_program() { # name
	cat >server.conf
	sed -n '/^    .*\.pushsection/,/^$/p' "$top/docs/elf-note.md" >note.S
	cc -o "$1" main.c note.S
}
cat >main.c <<'END'
#include <stdio.h>
#include <stdlib.h>
int main(void) { printf("says %s\n", getenv("SAYS")); }
END
policy='[Policy]
Description=Its own
[Sandbox]
Environment=SAYS=note'
make_program server <<<"$policy"
no_isorun like "the assembler makes a note that readelf and strings know" \
	"$(readelf -n server | grep isorun) $(strings server | grep Description=)" "*isorun*0x0000* Description=Its own"

# Who may use it
run "${quiet[@]}" ./server
# promise P44
refusal is "a program that anybody may have written does not choose its own policy" "$status $out$err" \
	"125 isorun: ./server carries its own policy, which may allow more than the default policy: --own uses it; \
with --policy default, it can only narrow the default policy"
batch() { "${quiet[@]}" --batch "$@" <<<'{"argv":["./server"]}' 2>&1 | grep -o 'status":[0-9]*\|"error":".*"\|says.*' | sort | tr '\n' ' '; }
refusal like "... nor does one in a batch" "$(batch)" '"error":"./server carries its own policy, *" status":125 '
is "... which has one policy for all" "$(batch --policy ./server) $(batch --policy default -p Program=ignore)" \
	'says note status":0  says (null) status":0 '
run "${quiet[@]}" --own ./server
is "--own uses it" "$status $out" "0 says note"
run "${quiet[@]}" --policy default -p Program=ignore ./server
is "--policy uses another one" "$status $out" "0 says (null)"
run "${quiet[@]}" -p RootDirectory=/ ./server
is "with another root, the command may be another file" "$status $out" "0 says (null)"
run "${quiet[@]}" --policy ./server sh -c 'echo $SAYS'
is "--policy takes a program, for other commands, too" "$status $out" "0 note"
run "${quiet[@]}" --own --dry-run --verbose ./server
like "the plan says where each line comes from" "$out" "*  policy *./server
  description *Its own   # ./server (note):2
*"
run "$isoctl" check "$tmp/server"
is "isoctl check takes a program" "$status $out" "0 "
run "$isoctl" explain "$tmp/server" -- sh
like "isoctl explain takes a program" "$out" "*# $tmp/server (note):2*"
run "$isoctl" cat ./server
is "isoctl cat takes a program" "$out" "# ./server (note)
$policy"
run "$isoctl" check /bin/true
refusal is "... that carries one" "$status $err" "125 isoctl: the program /bin/true carries no policy"
run "${quiet[@]}" --own true
refusal is "--own needs such a program" "$status $err" "125 isorun: --own: true carries no policy"
run "${quiet[@]}" --own
refusal is "--own needs a command" "$status $err" "125 isorun: --own needs a command, whose policy it uses"
run "${quiet[@]}" --own --policy web ./server
refusal is "--own is a choice of the policy" "$status $err" "125 isorun: --own cannot be combined with --policy"
PATH=$tmp:$PATH run "${quiet[@]}" --own server
is "the command is looked up in PATH" "$status $out" "0 says note"
mkdir other
cc -o other/server main.c
PATH=$tmp:$PATH run "${quiet[@]}" --own -E PATH="$tmp/other" server
# promise P44
refusal like "no other file is executed under it" "$status $out$err" \
	"125 isorun: $tmp/other/server in the sandbox is not the program $tmp/server, which carries this policy *"
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	run unshare -m sh -c 'mount -t tmpfs -o mode=755 none /opt && cp server /opt && exec "$@"' sh "${quiet[@]}" /opt/server
	is "an installed program chooses its own policy" "$status $out" "0 says note"
	run unshare -m sh -c 'mount -t tmpfs -o mode=755 none /opt && cp server /opt && echo "{\"argv\":[\"/opt/server\"]}" | "$@" --batch' \
		sh "${quiet[@]}"
	refusal like "... but not in a batch" "$status $out" '1 *"status":125,"error":"/opt/server carries its own policy, but all lines of a batch *'
	run unshare -m sh -c 'mount -t tmpfs -o mode=775 none /opt && cp server /opt && exec "$@"' sh "${quiet[@]}" /opt/server
	# promise P44
	refusal like "... unless others can write to a directory above it" "$status $out$err" "125 isorun: /opt/server carries *"
	run unshare -m sh -c 'mount -t tmpfs -o mode=755 none /opt && cp server /opt && chown 1 /opt/server && exec "$@"' sh \
		"${quiet[@]}" /opt/server
	# promise P44
	refusal like "... or it belongs to somebody else" "$status $out$err" "125 isorun: /opt/server carries *"
else
	skip "an installed program chooses its own policy" "this user cannot install one"
fi

# The administrator's policy and the program's
make_program asks <<'END'
[Policy]
Description=It asks for more
[Sandbox]
Environment=SAYS=narrowed
PrivateNetwork=no
LockPersonality=no
LimitNOFILE=64
[Stage.serving]
SystemCallFilter=~socket
ConnectTo=
END
cat >site.conf <<'END'
[Policy]
Description=What the site allows
ExecStart=./asks
Optional=OOMPolicy
[Scope]
OOMPolicy=stop
[Sandbox]
LockPersonality=no
LimitNOFILE=128
END
run "${quiet[@]}" --policy ./site.conf ./asks
is "a program's policy narrows that of --policy" "$status $out" "0 says narrowed"
run "${quiet[@]}" --policy ./site.conf
is "... also if that names the command" "$status $out" "0 says narrowed"
run "${quiet[@]}" --policy ./site.conf --dry-run --verbose ./asks
like "the plan says which policy each line comes from" "$out" \
	"*  description *What the site allows   # ./site.conf:2, administrator
*  LimitNOFILE *64*   # ./asks (note):7, program
*narrowed by *./asks (note), the program's own policy
*"
like "... and which one lost" "$(sed -n '/^decisions/,$p' <<<"$out")" "*
  PrivateNetwork          yes, by the administrator (built-in); lost: no   # ./asks (note):5
  LimitNOFILE             at most *64*, by the program (./asks (note):7); lost: at most *128*   # ./site.conf:9*"
refusal is "... and nothing of a line that both have" \
	"$(sed -n '/^decisions/,$p' <<<"$out" | grep -o 'LimitNOFILE\|LockPersonality\|OOMPolicy' | sort -u)" LimitNOFILE
run "$isoctl" explain ./site.conf -- ./asks
like "isoctl explain says so, too" "$out" "*  PrivateNetwork          yes, by the administrator*"
run "$isoctl" explain --verbose ./site.conf -- ./asks
like "... and what the program gives up further on" "$out" "*
stages
  serving *SystemCallFilter=~socket   # ./asks (note):9, program
  serving *ConnectTo=   # ./asks (note):10, program
*"
run "${quiet[@]}" --policy ./site.conf --dry-run --json ./asks
is "... also as JSON" "$(python3 -c 'import json, sys
for d in json.load(sys.stdin)["decisions"]:
    if d["key"] == "LimitNOFILE":
        print(d["by"], d["origin"]["file"], d["lost"]["by"], d["lost"]["origin"]["line"])' <<<"$out")" \
	"program ./asks (note) administrator 9"
run "${quiet[@]}" --policy ./site.conf -p LimitNOFILE=100 --dry-run --verbose ./asks
like "a line of the command line decides for both" "$out" "*LimitNOFILE *100*   # -p*"
run "${quiet[@]}" --policy default -p SystemCallFilter=kcmp ./asks
is "... and adds to a list that the program's policy does not have" "$status $out" "0 says narrowed"
run "${quiet[@]}" --policy ./site.conf -p Program=ignore --dry-run --verbose ./asks
like "Program=ignore leaves the program's out" "$out" "*LimitNOFILE *128*   # ./site.conf:9
*"
make_program clash <<<'[Scope]
KillSignal=SIGQUIT'
run "${quiet[@]}" --policy ./site.conf ./clash
refusal is "what does not compare is an error" "$status $out$err" \
	"125 isorun: KillSignal=: a policy that does not set it and SIGQUIT (./clash (note):2) contradict each other, and \
neither permits less"
make_program wrong <<<'[Policy]
Program=narrow'
run "${quiet[@]}" --policy ./site.conf ./wrong
refusal is "a program does not say whether its policy is read" "$status $out$err" \
	"125 isorun: ./wrong (note):2: Program=: a program's own policy cannot say whether it is read: the administrator's policy can"
site() { # command, with /opt/asks, and site.conf as the administrator's policy for it
	# shellcheck disable=SC2016
	run unshare -m sh -c 'mount -t tmpfs -o mode=755 none /opt && cp asks plain /opt && mkdir -p /opt/etc/isorun/policies &&
		cp site.conf /opt/etc/isorun/policies/asks.conf && cp site.conf /opt/etc/isorun/policies/plain.conf &&
		mount -t overlay -o lowerdir=/opt/etc:/etc none /etc && exec "$@"' sh "$@"
}
cc -o plain main.c
if [ "$(id -u)" = 0 ] && site true && [ "$status" = 0 ]; then
	from="/etc/isorun/policies/asks.conf:9"
	site "${quiet[@]}" --dry-run --verbose /opt/asks
	# promise P49
	like "the administrator's policy for a program bounds it" "$out" "*  namespaces * net *LimitNOFILE *64* lost: at most *128*   # $from*"
	site "${quiet[@]}" /opt/asks
	is "... and it runs" "$status $out" "0 says narrowed"
	site "${quiet[@]}" --dry-run --verbose --own ./asks
	# promise P49
	like "... also one that is not installed, with --own" "$out" "*  namespaces * net *LimitNOFILE *64* lost: at most *128*   # $from*"
	site "${quiet[@]}" ./asks
	# promise P44
	refusal like "... and does not choose it by its name alone" "$status $out$err" "125 isorun: ./asks carries its own policy*"
	site "$isoctl" explain /opt/asks
	like "... isoctl explain shows it" "$out" "*LimitNOFILE *64* lost: at most *128*   # $from*"
	site "${quiet[@]}" --dry-run --verbose /opt/plain
	is "a program that carries no policy has the default one" \
		"$(grep -o '# default.conf (built-in)\|# /etc/isorun/policies/plain.conf' <<<"$out" | sort -u)" "# default.conf (built-in)"
	sed -i 's/^ExecStart.*/Program=ignore/' site.conf
	site "${quiet[@]}" --dry-run --verbose /opt/plain
	like "... or the administrator's, if that says Program=ignore" "$out" "*# /etc/isorun/policies/plain.conf:9*"
	site "${quiet[@]}" --dry-run --verbose /opt/asks
	like "... which is then all that counts" "$out" "*LimitNOFILE *128*   # $from
*"
else
	skip "the administrator's policy for a program bounds it" "this user cannot write to /etc"
fi

# The sandbox around: only there does the plan say so. LeakSanitizer uses ptrace(2), which it denies.
around() {
	run "${quiet[@]}" --policy "$top/policies/nest.conf" "${as_nobody[@]}" \
		-E ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" "$@"
}
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(-p User=nobody)
lost='*narrowed by *the sandbox around isorun; nobody can read which system calls its filter denies
  PrivateNetwork *only a loopback device, by the sandbox around isorun; lost: no   # *'
tool=(-v "$build/src:/srv:ro")
around "${tool[@]}" /srv/isorun --quiet --dry-run --verbose --net true
like "the plan says that the sandbox around has no network" "$status $out" "0 $lost--net*"
around "${tool[@]}" /srv/isorun --quiet --dry-run --json --net true
is "... also as JSON" "$(python3 -c 'import json, sys
for d in json.load(sys.stdin)["decisions"]:
    if "lost" in d:
        print(d["key"], d["by"], d["lost"]["by"], d["lost"]["value"])' <<<"$out")" "PrivateNetwork around administrator no"
around --net "${tool[@]}" /srv/isorun --quiet --dry-run --verbose --net true
is "... unless it has one" "$status $(grep -c "^instance\|only a loopback" <<<"$out")" "0 1"
around "${tool[@]}" /srv/isorun --quiet --dry-run --verbose true
is "... and only if the plan wants it" "$status $(grep -c "^instance\|only a loopback" <<<"$out")" "0 1"
# What the sandbox around takes away otherwise is an error, and not one more line of the plan.
denied_around() { # description, pattern, options of the sandbox around, --, options of the one in it
	local outer=()
	while [ "$3" != -- ]; do
		outer+=("$3")
		set -- "$1" "$2" "${@:4}"
	done
	around "${tool[@]}" "${outer[@]}" /srv/isorun --quiet --no-scope --dry-run "${@:4}" true
	refusal like "$1 that the sandbox around takes away is an error" "$status $err" "125 isorun: $2"
}
denied_around "write access" "--volume: Volume=: cannot be enforced: /srv is mounted read-only *" -- -v /srv:/mnt
denied_around "a limit" "-p: LimitNOFILE=: cannot be enforced: it is above the caller's hard limit, *" \
	-p LimitNOFILE=64 -- -p LimitNOFILE=128
denied_around "a capability" "-p: CapabilityBoundingSet=: *CAP_SYS_TIME*" -- -p CapabilityBoundingSet=CAP_SYS_TIME
run "${quiet[@]}" --dry-run --verbose --net true
is "... and outside of a sandbox, nothing is around" "$status $(grep -c "^instance\|sandbox around" <<<"$out")" "0 1"

# Wrong policies
make_program wrong <<<"[Policy]
ExecStart=/bin/sh
[Sandbox]
PrivateNetwork=maybe"
run "${quiet[@]}" --own ./wrong
refusal is "the program is the command" "$status $out$(head -n1 <<<"$err")" \
	"125 isorun: ./wrong (note):2: ExecStart=: a program's own policy has no command: the program is the command"
run "$isorun" --no-scope --own ./wrong
refusal is "... with a notice of the way around" "$(sed -n 2p <<<"$err")" \
	"isorun: notice: --policy NAME -p Program=ignore starts ./wrong without its own policy"
make_program wrong <<<"[Sandbox]
PrivateNetwork=maybe"
run "$isoctl" check ./wrong
refusal like "an error names its line of the note" "$status $err" "125 isoctl: ./wrong (note):2: PrivateNetwork=*"
head -c -100 server >"cut"
chmod 755 cut
run "${quiet[@]}" ./cut
refusal is "the policy of a file is not lost with its end" "$status $out$err" \
	"125 isorun: ./cut: cannot look for a policy in it: its section headers are not in the file"
run "${quiet[@]}" --policy default -p Program=ignore ./cut
is "... which Program=ignore still starts" "$status $out" "0 says (null)"
chmod u+s server
run "${quiet[@]}" --own ./server
refusal is "a set-user-ID program has none" "$status $out$err" "125 isorun: --own: ./server carries no policy"
chmod u-s server
if [ "$(id -u)" = 0 ]; then
	cp "$isorun" own-isorun
	cp server hidden
	chmod 711 hidden
	run setpriv --reuid 65534 --regid 65534 --clear-groups ./own-isorun --no-scope --quiet ./hidden
	is "the caller cannot know the policy of a file that it cannot read" "$status $out" "0 says (null)"
else
	skip "the caller cannot know the policy of a file that it cannot read" "only root can be somebody else"
fi

# Scripts
cat >script <<'END'
#!/bin/sh
# A script.

# isorun: [Sandbox]
# isorun: Environment=SAYS=script
echo "says $SAYS"
END
chmod 755 script
run "${quiet[@]}" ./script
# promise P44
refusal like "a script does not choose its own policy" "$status $out$err" "125 isorun: ./script carries its own policy*"
run "${quiet[@]}" --own ./script
is "a script has its policy in comments" "$status $out" "0 says script"
sed -i 's/Environment=/Environmnt=/' script
run "${quiet[@]}" --own ./script
refusal like "... whose errors name its line" "$status $out$err" "125 isorun: ./script:5: Environmnt=*"

# Sidecars
printf '[Sandbox]\nEnvironment=SAYS=sidecar\n' >server.isorun.conf
run "${quiet[@]}" ./server
# promise P44
refusal like "a sidecar makes no difference to that" "$status $out$err" "125 isorun: ./server carries its own policy*"
run "${quiet[@]}" --own ./server
is "a sidecar comes before the note" "$status $out" "0 says sidecar"
ln -s server link
run "${quiet[@]}" --own ./link
is "a sidecar is beside the file that a link leads to" "$status $out" "0 says sidecar"
run "$isoctl" cat ./server
is "isoctl cat shows it" "$out" "# $tmp/server.isorun.conf
[Sandbox]
Environment=SAYS=sidecar"
chmod 664 server.isorun.conf
run "${quiet[@]}" --own ./server
refusal is "a sidecar that others can write to is refused" "$status $out$err" \
	"125 isorun: refused: $tmp/server.isorun.conf: only root and the owner of the program may be able to write to this \
file and its directory"

# The header, and the build systems of docs/examples/note
export PATH=${isoctl%/*}:$PATH HOME=${HOME:-$tmp}
export CPPFLAGS=-I$top/include CFLAGS=-I$top/include CGO_CFLAGS=-I$top/include
cat >literal.c <<'END'
#include <isorun/policy.h>
ISORUN_POLICY("[Policy]\n"
              "Description=\"a literal\"\n")
#include "main.c"
END
for compiler in "cc -O2" "c++ -xc++ -O2" "cc -O2 -flto -ffunction-sections -fdata-sections -Wl,--gc-sections" "clang -O2"; do
	if ! [ -x "$(command -v "${compiler%% *}")" ]; then
		skip "a literal, with $compiler" "no ${compiler%% *}"
		continue
	fi
	# shellcheck disable=SC2086
	run $compiler -Wall -Wextra -Wpedantic -Werror $CFLAGS -o literal literal.c
	[ "$status" != 0 ] || run "$isoctl" cat ./literal
	is "a literal, with $compiler" "$status $out" '0 # ./literal (note)
[Policy]
Description="a literal"'
done

example() { # description, program, command to build it
	local wrong
	if ! [ -x "$(command -v "${3%% *}")" ]; then
		skip "$1" "no ${3%% *}"
		return
	fi
	rm -rf example
	cp -r "$top/docs/examples/note" example
	run sh -c "cd example && $3"
	[ "$status" != 0 ] || run "${quiet[@]}" --own "example/$2"
	is "$1" "$status $out" "0 started under its-own-policy"
	sed -i 's/its-own/another-one/' example/server.conf
	run sh -c "cd example && $3"
	[ "$status" != 0 ] || run "${quiet[@]}" --own "example/$2"
	also is "... is built again after a change" "$status $out" "0 started under another-one-policy"
	[ -n "${4-}" ] || return 0
	sed -i 's/PrivateNetwork=no/PrivateNetwork=maybe/' example/server.conf
	run sh -c "cd example && $3"
	wrong=$(cat "$tmp/out" "$tmp/err")
	also refusal like "... but not with a wrong policy" "$status $wrong" "[1-9]*server.conf:5: PrivateNetwork=*"
}
example "make" server make checked
example "meson" build/server "meson setup build . >/dev/null && ninja -C build" checked
example "CMake" build/server "cmake -S . -B build >/dev/null && cmake --build build" checked
example "Rust" server "rustc -C opt-level=1 server.rs"
example "Rust, static" server "rustc -C target-feature=+crt-static server.rs"
example "Go, with cgo" server "go build server.go"
sed -e '/isorun/d' -e '/^ISORUN/d' "$top/docs/examples/note/server.c" >started.c
example "an object" server "cc $CPPFLAGS -o server policy.S ../started.c"

# isoctl embed
attribute() { # get, or set to VALUE
	python3 -c 'import os, sys
if sys.argv[2:]: os.setxattr(sys.argv[1], "user.kept", sys.argv[2].encode())
print(os.getxattr(sys.argv[1], "user.kept").decode())' "$@" 2>/dev/null
}
nothing_left() { [ -z "$(find "$tmp" -name '.isoctl-embed-*')" ]; }
says() { # program: what it says under its own policy
	"${quiet[@]}" --own "$1"
}
printf '[Sandbox]\nEnvironment=FROM=embedded\n' >embedded.conf
{ cat embedded.conf; yes '# A policy that is longer than the one before.' | head -n 500; } >longer.conf
cc -o plain started.c
chmod 750 plain
kept=$(attribute plain kept)
ln -s plain plain-link
run "$isoctl" embed embedded.conf plain-link
is "embed puts a policy into a program" "$status $out$err $(says ./plain)" "0  started under embedded"
also is "... which keeps its mode and attributes" "$(stat -c %a plain) $(attribute plain)" "750 $kept"
also ok "... and the link to it" test -L plain-link
run "$isoctl" embed longer.conf plain
is "a longer policy replaces it" "$status $(says ./plain) $("$isoctl" cat ./plain | wc -l)" "0 started under embedded 503"
cp plain stripped
strip stripped
is "strip keeps it" "$(says ./stripped)" "started under embedded"
cp -r "$top/docs/examples/note" allocated
make -s -C allocated >/dev/null
cp allocated/server before
run "$isoctl" embed longer.conf allocated/server -o after
is "a longer policy also replaces one that is allocated" "$status $(says ./after)" "0 started under embedded"
also ok "... and -o leaves the program as it was" cmp -s allocated/server before
if [ -x "$(command -v llvm-strip)" ]; then
	llvm-strip allocated/server stripped
	is "llvm-strip keeps one that is allocated" "$(says allocated/server)" "started under its-own-policy"
	is "... and no other" "$("$isoctl" cat ./stripped 2>&1)" "isoctl: the program ./stripped carries no policy"
else
	skip "llvm-strip keeps one that is allocated" "no llvm-strip"
fi
if [ -x "$(command -v go)" ]; then
	printf '%s\n' 'package main' 'import ("fmt"; "os")' 'func main() { fmt.Println("started under", os.Getenv("FROM")) }' >go.go
	run env CGO_ENABLED=0 go build -o go-program go.go
	[ "$status" != 0 ] || run "$isoctl" embed longer.conf go-program
	is "a program of Go without cgo" "$status $(says ./go-program)" "0 started under embedded"
else
	skip "a program of Go without cgo" "no go"
fi

# Nothing is left of an embed that fails
cp plain before
embed_fails() { # description, pattern of its errors, arguments...
	run "$isoctl" embed "${@:3}"
	refusal like "$1" "$status $err" "125 $2"
	also ok "... and the program is as it was" cmp -s plain before
	also ok "... and nothing else is there" nothing_left
}
printf '[Sandbox]\nPrivateNetwork=maybe\n' >wrong.conf
embed_fails "a wrong policy" "isoctl: wrong.conf:2: PrivateNetwork=*" wrong.conf plain
printf '[Policy]\nExecStart=/bin/true\n' >wrong.conf
embed_fails "a policy with a command" "isoctl: wrong.conf:2: ExecStart=: a program's own policy has no command*" wrong.conf plain
printf '[Sandbox]\nUser=no-such-user\n' >elsewhere.conf
embed_fails "a policy that does not work here" "isoctl: elsewhere.conf:2: User=: *--syntax puts*" elsewhere.conf plain
run "$isoctl" embed --syntax elsewhere.conf plain -o elsewhere
is "... unless it is for another host" "$status $("$isoctl" cat ./elsewhere | tail -n1)" "0 User=no-such-user"
OBJCOPY=false embed_fails "an objcopy that fails" "isoctl: false failed for plain *" embedded.conf plain
OBJCOPY=true embed_fails "an objcopy that does nothing" "isoctl: true did not put the policy into *" embedded.conf plain
OBJCOPY="cp before" embed_fails "an objcopy that does something else" "*isoctl: cp failed for *" embedded.conf plain
OBJCOPY=no-such-program embed_fails "no objcopy" "isoctl: cannot run no-such-program: *binutils*" embedded.conf plain
printf '#!/bin/sh\necho >>"$4"\nkill -INT $PPID\nexec sleep 4004\n' >interrupt
chmod 755 interrupt
OBJCOPY=./interrupt run "$isoctl" embed embedded.conf plain
refusal is "an interrupted embed" "$status $out$err" "130 "
also ok "... leaves nothing there" nothing_left
also ok "... nor its objcopy" gone '^sleep 4004$'
also ok "... and the program is as it was" cmp -s plain before
embed_fails "a script" "isoctl: script is not an ELF program *" embedded.conf script
chmod u+s server
embed_fails "a set-user-ID program" "isoctl: server is set-user-ID or *" embedded.conf server
chmod u-s server
# Who owns the directory of the program can replace that of isoctl. For root, that could be a way to other files.
cp plain swapped
"$isoctl" embed --syntax embedded.conf plain -o victim
chmod 600 victim
cat >swap <<'END'
#!/bin/sh
objcopy "$@" || exit
directory=$(echo .isoctl-embed-*)
mv "$directory" moved
mkdir "$directory"
ln -s ../victim "$directory/swapped"
END
chmod +x swap
OBJCOPY=./swap run "$isoctl" embed --syntax embedded.conf swapped
refusal is "what is put in the place of isoctl's directory is not used" \
	"$status $out$err $(stat -c '%a %F' victim swapped | tr '\n' ' ')" "0  600 regular file 750 regular file "
rm -r .isoctl-embed-* moved
if [ "$(id -u)" = 0 ]; then
	mkdir -m 777 shared
	cp plain "$isoctl" shared/
	chmod 755 shared/plain
	run setpriv --reuid 65534 --regid 65534 --clear-groups shared/isoctl embed embedded.conf shared/plain
	refusal like "a program of somebody else does not become the caller's" "$status $err" \
		"125 isoctl: cannot keep the owner of *"
	also is "... and stays" "$(stat -c %u shared/plain) $(find shared -mindepth 1 | sort | tr '\n' ' ')" \
		"0 shared/isoctl shared/plain "
else
	skip "a program of somebody else does not become the caller's" "only root can be somebody else"
fi

# isoctl inspect
squeezed() { tr -s ' ' | sed 's/ [0-9]\.[0-9] / E /'; } # the exposure as E
mkdir -p tree/deep
cp after tree/deep/program
cp script tree/
cp /bin/true tree/other
run "$isoctl" inspect tree
is "inspect lists the programs in a directory that carry a policy, and says what is wrong" "$status $(squeezed <<<"$out")" \
	"125 FILE ARCHITECTURE POLICY EXPOSURE TEXTS STAGES DESCRIPTION
tree/deep/program $(uname -m) valid E 1 - -
tree/script script wrong - 1 - -"
also like "... with the line" "$err" "isoctl: tree/script:5: Environmnt=*"
rm tree/script
run "$isoctl" inspect --no-legend tree
is "a directory without a wrong one" "$status $(wc -l <<<"$out")" "0 1"
cp allocated/server foreign
printf '\026' | dd of=foreign bs=1 seek=18 conv=notrunc status=none # EM_S390
run "$isoctl" inspect --no-legend foreign
is "a program of another architecture" "$status $(squeezed <<<"$out")" \
	"0 ./foreign s390x valid E 1 - A program that carries its policy"
run "$isoctl" inspect --no-legend tree/other
refusal is "a program that carries none" "$status $(squeezed <<<"$out")" "125 tree/other $(uname -m) none - 0 - -"
run "$isoctl" inspect cut
refusal like "a file that is broken" "$status $err" "125 isoctl: ./cut: cannot look for a policy in it: *"
run "$isoctl" inspect no/such
refusal is "a file that does not exist" "$status $err" "125 isoctl: cannot read no/such: No such file or directory"
run "$isoctl" inspect --json ./after
is "as JSON" "$(python3 -c 'import json, sys
for i in json.load(sys.stdin):
    print(i["file"], i["state"], i["description"], i["errors"], i["stages"], i["texts"][0]["name"])
    print(i["texts"][0]["text"].split("\n")[1])' <<<"$out")" "./after valid None [] [] ./after (note)
Environment=FROM=embedded"
is "... as the schema says" "$("$top/tests/json-agrees.py" inspect 10 <<<"$out" 2>&1)" ""
is "the exposure is that of isoctl analyze" "$(python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["exposure"])' <<<"$out")" \
	"$("$isoctl" analyze --json ./after | python3 -c 'import json, sys; print(json.load(sys.stdin)["exposure"])')"
packaged() { run sh -c 'printf "%b" "$1" | "$2" inspect --no-legend -' sh "$1" "$isoctl"; }
packaged "/.\\n$tmp/tree\\n$tmp/tree/deep/program\\n\\n$tmp/tree/other\\n$tmp/gone\\n$tmp/plain-link\\n$tmp/embedded.conf\\n"
is "the files of a package" "$status $err $(squeezed <<<"$out")" "0  $tmp/tree/deep/program $(uname -m) valid E 1 - -"
packaged "$tmp/tree/deep/program\\n$tmp/cut"
refusal like "... of which one is broken" "$status $err" "125 isoctl: $tmp/cut: cannot look for a policy in it: *"
packaged "$tmp/tree/other\\ntree/deep/program\\n"
refusal is "... which a list of other words does not name" "$status $err" \
	"125 isoctl: line 2 of standard input is not an absolute path"
packaged ""
is "... or none" "$status $out$err" "0 "
cat >waits.c <<'END'
#include <isorun/policy.h>
#include <unistd.h>
ISORUN_POLICY_FILE("embedded.conf")
int main(void) { char c; return read(0, &c, 1) != 1; }
END
# shellcheck disable=SC2086
cc $CFLAGS -o waits waits.c
mkfifo held
exec 9<>held
./waits <&9 &
waiting=$!
is_waits() { cmp -s "/proc/$waiting/exe" waits; }
await is_waits
run "$isoctl" inspect --no-legend $waiting
is "a process" "$status $(squeezed <<<"$out")" "0 /proc/$waiting/exe $(uname -m) valid E 1 - -"
echo >&9
wait $waiting
