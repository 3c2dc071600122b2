# SPDX-License-Identifier: LGPL-2.1-or-later
# For the suites of isorun-oci, to be sourced after lib.sh: a bundle of busybox, and what runs it.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP only root can make the containers of these tests"
	exit 0
fi

bundle=$tmp/bundle
state=$tmp/state
bundle() { "$top/tests/bundle.py" "$bundle" "$@"; } # [PATH=JSON...] -- COMMAND...

options=() # before the command
oci() { run "${who[@]}" "$isorun_oci" --root "$state" "${options[@]}" "$@"; }

# Runs a script of busybox's sh in a container; it must reach its end.
inside() { # description, expected output, [PATH=JSON...], script
	bundle "${@:3:$#-3}" -- sh -c "$(to_end "${@: -1}")"
	oci run --bundle "$bundle" box
	is_reached "$1" "$2"
}

# What run refuses, before anything of the container has run.
refuses() { # description, pattern of the only line on stderr, [PATH=JSON...]
	rm -rf "$bundle/rootfs/tmp/"*
	bundle "${@:3}" -- busybox touch /tmp/ran
	oci run --bundle "$bundle" box
	like "refused: $1" "$status $(wc -l <"$tmp/err") $err" "1 1 isorun-oci: $2"
	also is "... and nothing has run, and nothing is left" "$(ls "$bundle/rootfs/tmp" "$state")" "$nothing"
}

status_of() { "${who[@]}" "$isorun_oci" --root "$state" state "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["status"])'; }
pid_of() { "${who[@]}" "$isorun_oci" --root "$state" state "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])'; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }

also_inside() { # description, expected output, options of exec..., script
	oci exec "${@:3:$#-3}" box sh -c "$(to_end "${@: -1}")"
	is_reached "exec: $1" "$2"
}

# Two devices whose nodes the container makes itself; the rules are the same for nodes of the host.
test_device_rules() {
	local minors one two rules script tools parts
	minors=$(awk '{ minor[$2] = $1 }
		END { n = split("fuse loop-control btrfs-control userfaultfd", names); for (i = 1; i <= n; i++) if (names[i] in minor) print minor[names[i]] }' \
		/proc/misc | head -n2 | tr '\n' ' ')
	read -r one two <<<"$minors"
	rules="linux.resources={\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,\"access\":\"rwm\"},{\"allow\":false,\"type\":\"c\",\"major\":10,\"minor\":$one,\"access\":\"w\"},{\"allow\":false,\"type\":\"c\",\"major\":10,\"minor\":$two,\"access\":\"rwm\"}]}"
	script="for d in '1 3' '10 $one' '10 $two' '1 5'; do"
	script+=' busybox mknod /tmp/d c $d; (: </tmp/d) 2>/dev/null && r=r || r=-; (: >/tmp/d) 2>/dev/null && r=${r}w || r=$r-; echo $d $r; busybox rm /tmp/d; done'
	tools='process.capabilities={"bounding":["CAP_MKNOD"],"permitted":["CAP_MKNOD"],"effective":["CAP_MKNOD"]}'
	parts=("$tools" root.readonly=false 'mounts+={"destination":"/tmp","type":"tmpfs"}')
	bundle "${parts[@]}" -- sh -c "$script"
	oci run --bundle "$bundle" box
	if [ -z "$two" ] || [ "$out" != "1 3 rw"$'\n'"10 $one rw"$'\n'"10 $two rw"$'\n'"1 5 rw" ]; then
		skip "device rules" "no two devices (of major 10: $minors) can be opened here anyway: $out$err"
		return
	fi
	parts+=("$rules" 'linux.cgroupsPath="/isorun-oci-test"')
	inside "device rules hold, the last one that fits" "1 3 rw"$'\n'"10 $one r-"$'\n'"10 $two --"$'\n'"1 5 rw" "${parts[@]}" "$script"
}

pod() { run patiently podman --root "$tmp/pod/store" --runroot "$tmp/pod/run" --storage-driver=vfs "$@"; }

pod_runs() { # description, expected status and output, arguments of podman run
	pod run --rm "${@:3}"
	no_refusal is "podman: $1" "$status $out" "$2"
}

# Debian's podman, with isorun-oci as its runtime and an image of the bundle's root.
podman_begin() { # cgroup manager
	if ! command -v podman >/dev/null || ! command -v conmon >/dev/null; then
		skip "podman" "there is no podman"
		return 1
	fi
	if [ "${TESTHOST-real}" = real ]; then
		skip "podman" "this host may have containers of its own"
		return 1
	fi
	mkdir -p "$tmp/pod" /var/lib/containers
	mount -t tmpfs tmpfs /var/lib/containers # whatever podman keeps outside of its store
	cat >"$tmp/pod/containers.conf" <<-END
		[engine]
		cgroup_manager="$1"
		events_logger="file"
		runtime="$isorun_oci"
		[containers]
		netns="none"
		log_driver="k8s-file"
		pids_limit=0
	END
	export CONTAINERS_CONF=$tmp/pod/containers.conf
	tar -C "$bundle/rootfs" -c . >"$tmp/pod/image.tar"
	TEST_PATIENCE=60 pod import "$tmp/pod/image.tar" box:1
	if [ "$status" != 0 ]; then
		skip "podman" "podman cannot import an image here: $err"
		podman_end
		return 1
	fi
}

podman_uses() { sed -i "s/cgroup_manager=.*/cgroup_manager=\"$1\"/" "$tmp/pod/containers.conf"; }

podman_end() { umount /var/lib/containers; }

bundle -- true
mkdir "$bundle/rootfs/etc/dir"
echo hidden | tee "$bundle/rootfs/etc/hidden" >"$bundle/rootfs/etc/dir/file"
chmod -R a+rX "$bundle"
mkdir -m 700 "$state"
nothing=$(ls "$bundle/rootfs/tmp" "$state")

# The line of config.json that has a string; the string may be on a line after that of the object.
line_of() { grep -nF -- "$1" "$bundle/config.json" | cut -d: -f1 | head -n1; }

explains() { # description, key of an entry, string in config.json, [lines before it]
	like "explain: $1" "$(grep -- "^  $2 " <<<"$out")" "  *   # config.json:$(($(line_of "$3") - ${4-0}))"
}

says() { # description, bundle, action, object, expected verdict, string in config.json, [lines before it]
	run "$isoctl" why "$2" "$3" "$4"
	like "why: $1" "$status $out" "$([ "${5%%,*}" = allowed ] && echo 0 || echo 1) $3 $4: $5*  line     config.json:$(($(line_of "$6") - ${7-0}))*"
}

policy() { # name, lines...
	mkdir -p "$tmp/config/isorun/policies"
	printf '%s\n' "${@:2}" >"$tmp/config/isorun/policies/$1.conf"
}

# A socket whose owner accepts nothing, and whose queue is full: connect(2) waits there.
begin_full() { # path
	: >"$tmp/full"
	python3 -c 'import signal, socket, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(0)
clients = []
try:
    while True:
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].setblocking(False)
        clients[-1].connect(sys.argv[1])
except BlockingIOError:
    print("full", flush=True)
signal.sigwait([signal.SIGTERM])' "$1" >"$tmp/full" &
	full=$!
	await grep -q full "$tmp/full"
}

end_full() { # path
	kill "$full"
	wait "$full" 2>/dev/null
	rm -f "$1"
}

processes() { sed '' "/sys/fs/cgroup$1/cgroup.procs" 2>/dev/null | wc -l; } # its cgroup

events() { python3 -c 'import json, sys
for line in sys.argv[1].splitlines():
    e = json.loads(line)
    print(e["type"], e["id"], sorted(e["data"]), e["data"]["cpu"]["usage"]["total"] >= 0)' "$1"; }
