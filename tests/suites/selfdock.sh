#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples and promises of selfdock's README, as isorun has them: its root, volumes, another root, building one,
# entering, and a sandbox in a sandbox. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
install_isorun
quiet=(--quiet -p "Optional=MemoryMax TasksMax")

as() { run "${who[@]}" "$@"; }
runs() { # description, expected output, words of the command...
	run "${who[@]}" "${@:3}" <&-
	is "$label: $1" "$status $out$err" "0 $2"
}

make_tree() {
	mkdir -p "$1"/{bin,etc,proc,dev,tmp,run,var/tmp,mnt/data}
	cp /bin/busybox "$1/bin/"
	for applet in sh cat ls touch id; do ln -sf busybox "$1/bin/$applet"; done
	echo debian >"$1/etc/name"
}

# selfdock run sh
test_run() {
	as isorun "${quiet[@]}" sh -c 'echo hello; exit 3'
	no_refusal is "$label: isorun sh" "$status $out$err" "3 hello"
	as sh -c 'echo "echo typed; exit 4" | "$@"' - isorun "${quiet[@]}" sh
	no_refusal is "$label: ... what it is told" "$status $out" "4 typed"
	no_refusal runs "uid and privileges are the same within" "$("${who[@]}" sh -c 'id -u; id -g')" isorun "${quiet[@]}" sh -c 'id -u; id -g'
	# shellcheck disable=SC2016
	runs "no file system is writable but what is memory" tried isorun "${quiet[@]}" sh -c \
		'for d in / /bin /etc /usr /home /opt /srv /sys /proc /mnt; do touch $d/x 2>/dev/null && echo $d; done; touch /tmp/x && echo tried'
	runs "... nor is what was in memory there again" tried isorun "${quiet[@]}" sh -c 'ls -A /tmp; echo tried'
	as isorun "${quiet[@]}" sh -c 'kill -TERM $$'
	no_refusal is "$label: ... a signal's status" "$status" 143
}

# selfdock -v /mnt/data /mnt/data run sh
test_volume() {
	local data=$tmp/data-$label
	"${who[@]}" mkdir -p "$data"
	"${who[@]}" sh -c 'echo kept >"$1/file"' - "$data"
	no_refusal runs "isorun -v DIR:DIR sh" $'kept\nwritten' isorun "${quiet[@]}" -v "$data:$data" sh -c \
		'cd "$1" && cat file && echo written >new && cat new' - "$data"
	no_refusal is "$label: ... what is written there stays" "$(cat "$data/new")" written
	no_refusal runs "isorun -v DIR:ELSEWHERE sh" kept isorun "${quiet[@]}" -v "$data:/mnt/data" cat /mnt/data/file
	as isorun "${quiet[@]}" -v "$data:/mnt/data:ro" sh -c 'touch /mnt/data/x'
	like "$label: ... read-only" "$err" "*Read-only file system*"
	runs "... and is nobody's elsewhere" tried isorun "${quiet[@]}" sh -c 'ls "$1" 2>/dev/null; echo tried' - "$data"
}

# selfdock --root /mnt/debian run sh
test_root() {
	local tree=$tmp/debian-$label data=$tmp/data-$label
	make_tree "$tree"
	runs "isorun --root DIR sh" debian isorun "${quiet[@]}" --root "$tree" sh -c 'cat /etc/name'
	no_refusal runs "... with a volume" kept isorun "${quiet[@]}" --root "$tree" -v "$data:/mnt/data" cat /mnt/data/file
	runs "... is read-only" tried isorun "${quiet[@]}" --root "$tree" sh -c '(touch /x || touch /etc/x) 2>/dev/null && echo written; echo tried'
	no_refusal runs "several instances of one root beside each other" $'1\n2\n3' sh -c 'for i in 1 2 3; do
		"$@" sh -c "echo $i >/tmp/x; cat /tmp/x" & done | sort' - isorun "${quiet[@]}" --root "$tree"
}

# selfdock build, of its to-do list
test_build() {
	local tree=$tmp/build-$label
	if [ "${TESTHOST-}" = uml ] && [ "$label" = user ]; then
		tree=$(getent passwd "$TH_USER" | cut -d: -f6)/built # where he owns what he makes
	fi
	"${who[@]}" mkdir -p "$tree"
	make_tree "$tree"
	[ "$label" = root ] || chown -R "$TH_USER:" "$tree"
	as isoctl build --root "$tree" -- sh -c 'echo made >/etc/made && cat /etc/made'
	is "$label: isoctl build --root DIR sh" "$status $out" "0 made"
	like "$label: ... says that it is writable" "$err" "*isoctl: notice: the command can write to the tree $tree*"
	runs "... and isorun --root runs from it" made isorun "${quiet[@]}" --root "$tree" cat /etc/made
	as isoctl build --root / -- true
	like "$label: ... never from the host's own" "$status $err" "125 isoctl: --root: RootDirectory=: refused: --root is this machine's own root"
	rm -rf "$tree"
}

# selfdock enter, of its to-do list
test_enter() {
	"${who[@]}" isorun "${quiet[@]}" --name dock sh -c 'echo payload >/tmp/mine; exec sleep 950' &
	await "${who[@]}" isoctl enter dock test -s /tmp/mine 2>/dev/null
	verified dock
	as sh -c 'echo "cat /tmp/mine; exit 6" | isoctl enter dock'
	is "$label: isoctl enter, a shell in what runs" "$status $out" "6 payload"
	kill "$(first_pid '^(/usr/bin/)?isorun .*--name dock ')"
	wait $!
}

# "can run within itself"
test_itself() {
	no_refusal runs "isorun isorun sh" inside isorun "${quiet[@]}" --policy nest "${nest_as[@]}" isorun --quiet sh -c 'echo inside'
	no_refusal runs "... with the volume of the outer one" kept isorun "${quiet[@]}" --policy nest "${nest_as[@]}" \
		-v "$tmp/data-$label:/mnt/data:ro" isorun --quiet -v /mnt/data:/mnt/again:ro cat /mnt/again/file
	runs "... in another root" debian isorun "${quiet[@]}" --policy nest "${nest_as[@]}" -v "$tmp/debian-$label:/mnt/debian:ro" \
		isorun --quiet --root /mnt/debian sh -c 'cat /etc/name'
}

no_scopes() { [ -z "$(find /sys/fs/cgroup -name 'isorun-*.scope')" ]; }

chmod 1777 "$tmp"
cd / || exit
export SHELL=/bin/sh
all() {
	test_run
	test_volume
	test_root
	test_build
	test_enter
	test_itself
	also ok "$label: nothing is left" eventually no_scopes
}

as_everybody all
