#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Instances in instances, in services, and of every kind of root: listed, shown and entered. Names and overlays inside
# of an instance. Needs a systemd.
. "$(dirname "$0")/../lib.sh"
install_isorun
quiet=(--quiet -p "Optional=MemoryMax TasksMax")

ctl() { run "${who[@]}" isoctl "$@"; }
outer() { run "${who[@]}" isorun "${quiet[@]}" --policy nest "${nest_as[@]}" "$@"; }

# Starts what ends in "sleep NUMBER", and waits until that runs and can be entered by NAME: begin NAME NUMBER ISORUN...
begin() {
	"${who[@]}" "${@:3}" sleep "$2" >"$tmp/begin" 2>&1 </dev/null &
	instance=$!
	await runs "^(/bin/busybox |/bin/)?sleep $2\$" && await entered "$1" && verified "$1"
}

entered() { "${who[@]}" isoctl enter "$1" not-there 2>&1 | grep -q 'No such file'; }

end() { # NAME
	kill "$(first_pid "^(/usr/bin/)?isorun .*--name $1 ")"
	wait "$instance"
}

own_cgroup='sed -n s/^0:://p /proc/self/cgroup'
# The payload has the lowest pid but the reaper's.
payload_cgroup='sed -n s/^0:://p $(ls -d /proc/[0-9]* | sort -V | sed -n 2p)/cgroup'

test_nested() {
	local below
	begin outer 901 isorun "${quiet[@]}" --policy nest "${nest_as[@]}" -p Delegate=yes --name outer \
		isorun "${quiet[@]}" --policy nest -p Delegate=yes --name mid isorun "${quiet[@]}" --name inner
	is "$label: nested instances are listed below their unit" \
		"$("${who[@]}" isoctl list --no-legend | awk '{print $1, $2, $3}')" "outer nest running
└─mid nest running
└─inner default running"
	is "$label: ... and the list ends in a newline" "$("${who[@]}" isoctl list | tail -c 1 | od -An -c | tr -d ' ')" '\n'
	is "$label: ... not by list -q" "$("${who[@]}" isoctl list -q)" outer
	is "$label: ... as a tree in JSON" "$("${who[@]}" isoctl list --json | python3 -c 'import json, sys
i = json.load(sys.stdin)
while i: print(len(i), i[0]["name"], i[0]["cgroup"].rsplit("/", 1)[1]); i = i[0]["nested"]')" \
		"1 outer isorun-outer.scope"$'\n'"1 mid isorun-mid.scope"$'\n'"1 inner isorun-inner.scope"

	ctl enter outer sh -c "$own_cgroup; $payload_cgroup"
	is "$label: who enters is in the payload's cgroup" "$out" $'/payload\n/payload'
	"${who[@]}" isoctl enter outer sleep 902 &
	await runs '^sleep 902$'
	below=$(sed -n s/^0:://p "/proc/$(first_pid '^sleep 902$')/cgroup")
	like "$label: ... below the unit's" "$below" "*/isorun-outer.scope/inside/payload"
	kill "$(first_pid '^sleep 902$')"
	wait $!

	for verb in "enter mid true" "status inner" "grant mid /tmp:/mnt" "revoke inner /mnt"; do
		# shellcheck disable=SC2086
		ctl $verb
		like "$label: from outside, $verb is refused" "$status $err" \
			"125 isoctl: \"*\" is nested in @(outer|mid), so isoctl cannot verify it from here: start isoctl inside @(outer|mid), with isoctl enter"
	done

	is "$label: the delegated part is listed inside" \
		"$("${who[@]}" isoctl enter outer isoctl list --no-legend | awk '{print $1, $2, $3}')" "mid nest running
└─inner default running"
	ctl enter outer isoctl enter mid sh -c "$own_cgroup; exec isoctl list -q"
	is "$label: ... and entered, whose part is listed there" "$out" $'/payload\ninner'
	ctl enter outer isoctl enter mid isoctl enter inner sh -c "$own_cgroup; exit 5"
	is "$label: ... and so on" "$status $out" "5 /"
	ctl enter outer isoctl status mid
	like "$label: ... and shown" "$out" "mid*running*policy*nest*held by*a separate cgroup, without systemd: isorun-mid.scope*"
	end outer
	also ok "$label: nothing is left" eventually gone '^sleep 90[12]$'
}

test_not_delegated() {
	begin outer 903 isorun "${quiet[@]}" --policy nest "${nest_as[@]}" --name outer isorun "${quiet[@]}" --name inner
	is "$label: without Delegate= what is nested is not listed" "$("${who[@]}" isoctl list --no-legend | awk '{print $1}')" outer
	ctl enter outer sh -c "$own_cgroup; $payload_cgroup"
	is "$label: ... who enters is in the payload's cgroup" "$out" $'/\n/'
	ctl enter outer isorun "${quiet[@]}" echo one more
	no_refusal is "$label: ... and can make a sandbox there, as the payload can" "$out" "one more"
	ctl enter outer isoctl list
	is "$label: ... and inside, list says why not" "$status $err" "125 isoctl: cannot find instances: no cgroup2 file\
 system is mounted on /sys/fs/cgroup (inside an instance, this needs Delegate=yes in its policy)"
	end outer
}

# A root with busybox and nothing else.
make_tree() {
	mkdir -p "$1"/{bin,etc,proc,dev,tmp,run,var/tmp}
	cp /bin/busybox "$1/bin/"
	for applet in sh sleep cat id ls; do ln -sf busybox "$1/bin/$applet"; done
	echo "${1##*/}" >"$1/etc/name"
}

enters() { # what, script of a shell or "" where there is none, expected output, options of isorun...
	begin root 904 isorun "${quiet[@]}" --name root "${@:4}"
	if [ -n "$2" ]; then
		ctl enter root sh -c "$2"
		is "$label, $1: a shell by name" "$status $out$err" "0 $3"
		run "${who[@]}" sh -c 'echo "$1" | isoctl enter root' - "$2"
		is "$label, $1: ... without a command" "$status $out$err" "0 $3"
	else
		ctl enter root sh
		is "$label, $1: there is no shell by name" "$status $err" "127 isoctl: root: cannot execute sh: No such file or directory"
		ctl enter root
		is "$label, $1: ... nor without a command" "$status $err" "127 isoctl: root: cannot execute /bin/sh: No such file or directory"
	fi
	end root
}

test_roots() {
	local tree=$tmp/tree-$label top=$tmp/top-$label
	make_tree "$tree"
	mkdir -p "$top/etc"
	echo top >"$top/etc/name"
	enters tree 'cat /etc/name' "${tree##*/}" --root "$tree"
	begin root 904 isorun "${quiet[@]}" --name root --root none /bin/busybox
	ctl enter root /bin/busybox ls /
	is "$label, none: its one program runs" "$status $out" $'0 bin\ndev\nproc\nrun\ntmp\nvar'
	ctl enter root
	is "$label, none: ... and there is no shell" "$status $err" "127 isoctl: root: cannot execute /bin/sh: No such file or directory"
	ctl enter root sh
	is "$label, none: ... by name neither" "$status $err" "127 isoctl: root: cannot execute sh: No such file or directory"
	end root
	if grep -q overlay /proc/filesystems; then
		enters "a stack" 'cat /etc/name' top --root "$tree:$top"
	else
		skip "$label: a stack is entered" "this kernel has no overlayfs"
	fi
	[ "$label" = root ] || return 0
	rm "$tree/bin/sh"
	mke2fs -q -t ext4 -d "$tree" "$tmp/image" 8M >/dev/null
	run isorun "${quiet[@]}" --root "$tmp/image" cat /etc/name
	if [[ $err = *"no loop device"* ]]; then
		skip "$label: an image is entered" "$err"
	else
		enters image "" "" --root "$tmp/image"
	fi
}

serve() { # NAME, properties of the service, --, isorun...: as a service
	local name=$1 properties=()
	shift
	while [ "$1" != -- ]; do
		properties+=("$1")
		shift
	done
	systemctl reset-failed "$name.service" 2>/dev/null
	systemd-run --quiet --unit "$name" -p Type=exec "${properties[@]}" "$isorun" --quiet "${@:2}"
}

test_services() {
	who=()
	serve isorun-test-own -- -p "Optional=MemoryMax TasksMax" --name given sleep 905
	await entered isorun-test-own.service
	is "a service of root's is listed by its name" "$(isoctl list --no-legend | awk '{print $1, $2, $3}')" "given default running"
	ctl enter isorun-test-own.service sh -c "id -u; $own_cgroup"
	is "... entered by its unit's" "$out" $'0\n/'
	ctl enter given echo entered
	no_refusal is "... and by its own" "$out" entered
	ctl status isorun-test-own.service
	like "... and shown" "$out" "given*isorun-test-own.service*"
	systemctl stop isorun-test-own.service

	[ -n "${TH_USER-}" ] || return 0
	serve isorun-test-user -p "User=$TH_USER" -- -p Optional= --policy nest -p "Optional=MemoryMax TasksMax" \
		-p TasksMax= -p MemoryMax= -p MemorySwapMax= sleep 906
	await entered isorun-test-user
	is "a service with User= and a policy that nests is listed by its unit's name" \
		"$(isoctl list --no-legend | awk '{print $1, $2, $3}')" "isorun-test-user nest running"
	systemctl daemon-reload # after it, the unit no longer knows which process ran which command
	like "... with the user, the unit and the command of the process" "$(isoctl list --no-legend)" \
		"* [0-9]*s $TH_USER *isorun-test-user.service sleep 906"
	ctl enter isorun-test-user sh -c "id -un; $own_cgroup"
	is "... and entered" "$out" "$TH_USER"$'\n/'
	ctl enter isorun-test-user.service isorun "${quiet[@]}" echo inside
	no_refusal is "... to run isorun there" "$out" inside
	ctl cat isorun-test-user
	like "... cat shows its policy" "$status $out" "0 # /usr/lib/isorun/policies/default.conf*# */policies/nest.conf*Nesting=yes*"
	ctl status isorun-test-user.service
	like "... status, too" "$status $out" "0 isorun-test-user*policy *nest*command *sleep 906*held by*isorun-test-user.service*"
	ctl logs --no-pager isorun-test-user
	is "... logs finds it" "$status" 0
	systemctl stop isorun-test-user.service
	also no_refusal ok "nothing is left" eventually gone '^sleep 90[56]$'
}

test_names() {
	local data=$tmp/data-$label
	mkdir -p "$data/sub" "$tmp/other-$label"
	echo data >"$data/what"
	echo sub >"$data/sub/what"
	echo other >"$tmp/other-$label/what"
	chmod -R a+rwX "$data"
	printf '[Policy]\nBase=default\n[Sandbox]\nVolume=data:/srv/data:ro\n' >"$tmp/usr/lib/isorun/policies/wants-data.conf"
	outer --bind "data=$data" -v data:/vol isorun --quiet --bind data=/vol/sub --policy wants-data cat /srv/data/what
	is "$label: inside, a name is bound to what the parent shows" "$out$err" sub
	outer --bind "data=$data" -v data:/vol isorun --quiet --policy wants-data cat /srv/data/what
	like "$label: ... the parent's names are not known there" "$status $err" \
		"125 isorun: */wants-data.conf:4: Volume=: the name data is not bound to a path*"
	outer -v "$data:/vol" isorun --quiet --bind "data=$tmp/other-$label" --policy wants-data true
	like "$label: ... nor what it does not show" "$status $err" \
		"125 isorun: */wants-data.conf:4: Volume=: $tmp/other-$label: No such file or directory"
	outer --bind "data=$data" -v data:/vol:ro isorun --quiet --bind data=/vol -v data:/mnt true
	like "$label: ... nor more than it shows" "$status $err" "125 isorun: *Volume=: cannot be enforced: /vol is mounted read-only*"
	outer -v "$data:/vol:ro" isorun --quiet --policy nest --bind data=/vol -v data:/vol2:ro \
		isorun --quiet --bind data=/vol2 --policy wants-data cat /srv/data/what
	is "$label: ... three deep" "$out$err" data
	make_tree "$data/tree"
	outer -v "$data:/vol:ro" isorun --quiet --bind base=/vol/tree --root base cat /etc/name
	is "$label: ... a root by name" "$out$err" tree
	outer -v "$data:/vol:ro" sh -c 'exec 7</vol/sub; isorun --quiet --bind data=fd:7 --policy wants-data cat /srv/data/what'
	is "$label: ... an fd" "$out$err" sub
}

test_overlays() {
	local data=$tmp/low-$label too_deep="(the kernel stacks at most two overlays, and the source is already on an overlay): Invalid argument"
	if ! grep -q overlay /proc/filesystems; then
		skip "$label: overlays inside" "this kernel has none"
		return
	fi
	mkdir -p "$data"
	echo old >"$data/what"
	chown -R "$payload:" "$data" # overlayfs copies up only what is somebody's inside
	outer -v "$data:/vol:ro" isorun --quiet -v /vol:/mnt:overlay sh -c 'echo new >/mnt/what; cat /mnt/what /vol/what'
	is "$label: an overlay in an inner instance" "$out$err" $'new\nold'
	also is "$label: ... of which nothing is left" "$(cat "$data/what")" old
	outer -v "$data:/vol:overlay" sh -c 'echo one >/vol/what
		isorun --quiet -v /vol:/mnt:overlay sh -c "cat /mnt/what; echo two >/mnt/what; cat /mnt/what"; cat /vol/what'
	is "$label: an overlay of an overlay" "$out$err" $'one\ntwo\none'
	outer -v "$data:/vol:overlay" isorun --quiet --policy nest -v /vol:/vol2:overlay isorun --quiet -v /vol2:/mnt:overlay true
	is "$label: a third is refused, and says why" "$status $err" \
		"125 isorun: --volume: Volume=: cannot make an overlay of /vol2 $too_deep"
	make_tree "$data/tree"
	mkdir -p "$data/top"
	outer -v "$data:/vol:overlay" isorun --quiet --policy nest -v /vol:/vol2:overlay isorun --quiet --root /vol2/tree:/vol2/top sh
	is "$label: ... as a root of several directories, too" "$status $err" \
		"125 isorun: --root: RootDirectory=: cannot make a root from /vol2/top $too_deep"
	outer -v "$data:/vol:ro" isorun --quiet --root /vol/tree:/vol/top sh -c 'cat /etc/name'
	is "$label: a stack in an inner instance" "$out$err" tree
	has_private_ids || return 0
	# What is there is nobody's, and cannot be copied up; what is new can be written.
	run "${who[@]}" isorun "${quiet[@]}" -p PrivateUsers=full -v "$data:/mnt:overlay" \
		sh -c 'cat /mnt/what; echo new >/mnt/new && cat /mnt/new; stat -c %u /mnt/new'
	is "$label: an overlay with PrivateUsers=full" "$out$err" $'old\nnew\n0'
	also is "$label: ... of which nothing is left" "$(ls "$data")" $'top\ntree\nwhat'
}

cd / || exit
export SHELL=/bin/sh
all() {
	test_nested
	test_not_delegated
	test_roots
	test_names
	test_overlays
}

label=root who=() nest_as=(-p User=nobody) payload=nobody
all
if [ "${TESTHOST-}" = real ]; then
	skip "in a service" "isorun is in its place for this suite only"
else
	test_services
fi
if [ -n "${TH_USER-}" ]; then
	label=user who=("$as_user") nest_as=() payload=$TH_USER
	all
else
	skip "the same as another user" "no user to be"
fi
