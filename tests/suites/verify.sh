#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# isoctl verify finds nothing wrong with instances of all kinds, and each sabotage of one. The sabotage is real: done to
# the running instance from outside, by root.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP only root can sabotage an instance"; exit 0; }
number=800

start() { # options...: an instance of the name "it", and $payload and $reaper
	number=$((number + 1))
	"${who[@]}" "$isorun" --quiet --name it "$@" sleep $number &
	instance=$!
	await runs "^sleep $number\$" || return
	payload=$(first_pid "^sleep $number\$")
	reaper=$(ps -o ppid= -p "$payload" | tr -d ' ')
}

end() {
	kill "$instance" 2>/dev/null
	wait "$instance"
	true # its status is that of the signal
}

verify() { run "${who[@]}" "$isoctl" verify --quiet --no-legend "$@" it; }

good() { # description, options...
	start "${@:2}"
	verify
	also no_refusal is "$label: $1" "$status $out$err" "0 "
	run "${who[@]}" "$isoctl" check --within it it
	also no_refusal is "$label: ... and it tells its policy" "$status $out$err" "0 "
	end
}

volume=/var/verified
mkdir -p $volume
mount -t tmpfs none $volume # overlays do not stack on those of the test's host
mkdir -p $volume/below $volume/lower
echo text >$volume/file
mount -t tmpfs none $volume/below
chmod -R a+rwX $volume

test_good() {
	good "an ordinary start"
	good "volumes" -v $volume:/vol -v $volume:/ro:ro -v $volume/file:/file -v $volume/lower:/over:overlay
	good "an own network of the host's" -p PrivateNetwork=no
	good "files and places in memory" -p TemporaryFileSystem=/place:size=1M -p File=/etc/it:text -p ProtectProc=invisible \
		-p ProcSubset=pid -p InaccessiblePaths=/usr/share
	good "capabilities" -p CapabilityBoundingSet=CAP_NET_BIND_SERVICE -p AmbientCapabilities=CAP_NET_BIND_SERVICE
	good "properties of the unit" -p RuntimeMaxSec=1h -p KillMode=mixed -p OOMPolicy=stop -p SendSIGHUP=yes
	good "a payload that may make sandboxes" "${nest_as[@]}" -p Nesting=yes
	good "a pool" --pool verify
	good "peers" -p ConnectTo=example.org:443
	good "Delegate=" -p Delegate=yes
	! has_private_ids || good "a range of ids of its own" -p PrivateUsers=full
}
as_everybody test_good

label=root who=() nest_as=(-p User=nobody)

# A sabotage is found if verify says so, with status 1, in the row of the promise that is broken.
found() { # description, pattern of the row
	verify "${@:3}"
	like "$label: $1 is found" "$status $out" "1 *broken $2*"
}

# The pid namespace is for /proc/self, which mount(8) reads.
inside() { nsenter -t "$payload" -m -p -- "$@"; }

label=mounts
start
inside mount -o remount,bind,rw,nosuid,nodev /home
found "a directory that is made writable" "/home *it is writable"
inside mount -o remount,bind,ro,nosuid,nodev /home
verify
no_refusal is "$label: ... and nothing, when it is read-only again" "$status $out" "0 "
inside umount /etc/shadow
found "a hidden file that is shown" "/etc/shadow *nothing is mounted there*"
end
start
inside mount --bind /usr /srv
found "a file system in place of an empty directory" "/srv *a file system of type*"
end
start
inside mount --bind /usr/share /usr/lib
found "another directory in the root" "/usr/lib *a mount that the plan does not have*"
end
start
inside mount -t tmpfs none /mnt
found "a mount that is added" "/mnt *"
end
start -v $volume:/vol:ro
inside mount --bind /usr /vol
found "another directory in place of a volume" "/vol *it shows*not /var/verified*"
end
start
inside mount -o remount,nosuid,nodev,size=1G /tmp
found "a directory in memory that may grow" "/tmp *size=*"
end

# A process that is less confined than the others.
add_rogue() { # ways...
	local cgroup
	cgroup=$(sed -n 's/^0:://p' "/proc/$payload/cgroup")
	rm -f "$tmp/rogue"
	python3 -B "$top/tests/rogue.py" "$payload" "/sys/fs/cgroup$cgroup" "$@" >"$tmp/rogue" &
	adder=$!
	await test -s "$tmp/rogue"
	rogue=$(cat "$tmp/rogue")
}

end_rogue() {
	kill -9 "$rogue"
	wait "$adder"
	rm "$tmp/rogue"
}

label=processes
start
add_rogue
verify
no_refusal is "$label: one that is as confined as the payload is not found" "$status $out" "0 "
found "a filter that allows everything" "filter's bytes *$rogue (?x1b?31mrogue)*" --filter
end_rogue
add_rogue capability
found "a capability that is kept" "capabilities *$rogue *permitted*0x1,*"
end_rogue
add_rogue no-filter
found "a missing filter" "filter *$rogue *"
end_rogue
add_rogue may-gain-privileges
found "no_new_privs that is not set" "no_new_privs *$rogue *"
end_rogue
for set in bounding inheritable ambient; do
	add_rogue $set
	# The kernel lets no process have one in the ambient set alone.
	found "a capability that is kept in the set $set" "capabilities *$rogue *${set/ambient/inheritable}*0x1,*"
	end_rogue
done
for namespace in net ipc uts cgroup pid mnt user; do
	add_rogue host-$namespace
	found "a $namespace namespace that is shared" "$namespace namespace *$rogue *the host's*"
	end_rogue
done
add_rogue own-users
found "another uid map" "uid map *$rogue *0 0 1, and not 0 0 4294967295*"
end_rogue
add_rogue group
found "a group that is kept" "groups *$rogue *the group 7*"
end_rogue
add_rogue core
found "a resource limit that is not set" "LimitCORE *$rogue *"
end_rogue
end
start -p CapabilityBoundingSet=CAP_CHOWN
add_rogue ambient
found "an ambient capability that the policy keeps only in the bounding set" "capabilities *$rogue *ambient*0x1,*"
end_rogue
end
start -p LimitNOFILE=64
add_rogue
found "a resource limit that is higher" "LimitNOFILE *$rogue *, and not 64*"
end_rogue
end
start
nsenter -t "$payload" -U sh -c 'echo 77777 >/proc/sys/user/max_inotify_instances'
found "a bound of the user namespace that is raised" "*max_inotify_instances *77777*"
end
start
mkdir -p /sys/fs/cgroup/elsewhere
echo "$payload" >/sys/fs/cgroup/elsewhere/cgroup.procs
found "a process that has left the cgroup" "cgroup *$payload *"
end
rmdir /sys/fs/cgroup/elsewhere

label=unit
start
systemctl set-property --runtime isorun-it.scope TasksMax=9999
found "a changed property" "TasksMax of the unit *9999*512*default.conf*"
end

label=reaper
start
if [ "$(uname -m)" = x86_64 ]; then
	run python3 -B "$top/tests/extra-fd.py" "$reaper"
	no_refusal ok "$label: it has one fd more" test -e "/proc/$reaper/fd/$out"
	also found "a file that it should not have" "reaper *4 open files*null*"
else
	skip "$label: a file that it should not have" "ptrace(2) needs code for each architecture"
fi
end

label=seen
start
run "$isoctl" verify it
like "$label: it says what cannot be seen, and counts it apart" "$status $out" \
	"0 *unseen Landlock's rules*it: * 0 unread, 0 broken"
run "$isoctl" verify --json it
no_refusal ok "$label: JSON" python3 -c 'import json, sys
rows = json.loads(sys.argv[1])
assert all(set(r) == {"state", "part", "details", "origin"} for r in rows)
assert any(r["part"] == "no_new_privs" and r["state"] == "holds" for r in rows)' "$out"
run "$isoctl" freeze it
verify
like "$label: a frozen instance is not verified" "$status $err" "125 *frozen*"
"$isoctl" thaw it
end

# Instances as policies. $tmp/wide.conf is what the instance was started with.
label=policies
printf '[Sandbox]\nPrivateNetwork=no\nBindPaths=%s\nEnvironment="A=100%%%% b"\n' $volume >"$tmp/wide.conf"
printf '[Sandbox]\n' >"$tmp/plain.conf"
within() { run "${who[@]}" "$isoctl" check --within "$@"; }

compared() {
	start --policy "$tmp/wide.conf" -p LimitNOFILE=64
	within "$tmp/wide.conf" it
	no_refusal is "$label: an instance is within its policy" "$status $out$err" "0 "
	within it "$tmp/plain.conf"
	like "$label: a wider limit is not within it" "$status $err" "1 isoctl: -p: LimitNOFILE=: *; it: at most 64*"
	within "$tmp/plain.conf" it
	# promise P52
	like "$label: what an instance allows more is told with its lines" "$status $err" "1 isoctl: $tmp/wide.conf:3: BindPaths=: *
isoctl: $tmp/wide.conf:2: PrivateNetwork=: no; $tmp/plain.conf: yes"
	run "${who[@]}" "$isoctl" diff it "$tmp/wide.conf"
	like "$label: diff says what it allows less" "$status $out" "1 $tmp/wide.conf allows, and it does not:
  LimitNOFILE=: *; it: at most 64*   # -p"
	run "${who[@]}" "$isoctl" meet it "$tmp/plain.conf"
	like "$label: meet" "$status $out" "0 *LimitNOFILE=64*"
	end
}
as_everybody compared

granted() {
	start -p GrantPaths=/mnt/in
	within it it
	also no_refusal is "$label: an instance with a place for grants compares" "$status $out$err" "0 "
	run "${who[@]}" "$isoctl" grant it "$volume:/mnt/in"
	within it it
	# promise P52
	also like "$label: one with a granted directory does not" "$status $err" "125 isoctl: it is not as its policy says: * is \
granted at /mnt/in (isoctl revoke it /mnt/in removes it)"
	run "${who[@]}" "$isoctl" revoke it /mnt/in
	within it it
	no_refusal is "$label: ... until it is revoked" "$status $out$err" "0 "
	end
}
as_everybody granted
label=policies who=()

start
systemctl set-property --runtime isorun-it.scope TasksMax=9999
within default it
# promise P52
like "$label: an instance that is not as its policy says is not within any" "$status $err" "125 isoctl: it is not as its \
policy says (isoctl verify): broken: TasksMax of the unit: *9999*"
end
start --policy "$tmp/wide.conf"
inside mount -o remount,bind,rw,nosuid,nodev /home
within "$tmp/wide.conf" it
# promise P52
like "$label: ... nor one whose mounts were changed" "$status $err" "125 isoctl: it is not as its policy says *broken: /home: it is writable*"
end
if [ -n "${TH_USER-}" ]; then
	who=("$as_user")
	start
	who=()
	within default "$TH_USER/it"
	# promise P52
	like "$label: root does not believe the instance of a user" "$status $out$err" "125 isoctl: $TH_USER/it: only a process \
of $TH_USER could tell its policy, and it can tell what it likes: *"
	end
else
	skip "$label: root does not believe the instance of a user" "no user to be"
fi
