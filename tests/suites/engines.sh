#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Engines of Debian's packages that call isorun-oci, with the configurations that docs/oci.md shows: podman as a user,
# buildah, containerd, umoci, and Slurm with four nodes; and an image of Debian under each.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../oci.sh"
. "$(dirname "$0")/../engines.sh"

in_pod() { run patiently "$as_user" env CONTAINERS_CONF="$tmp/user.conf" HOME="/home/$TH_USER" podman --storage-driver=vfs "$@"; }

# podman puts its own socket into the container, at the place where isorun-oci would have one.
test_podman_notify() {
	local listening d volumes=()
	[ -x /usr/bin/python3 ] || { skip "... --sdnotify=container" "there is no /usr/bin/python3"; return; }
	for d in usr lib lib64; do
		[ ! -e "/$d" ] || volumes+=(--volume "$(readlink -f "/$d"):/$d:ro")
	done
	python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
print("listens", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)' "$tmp/manager" >"$tmp/heard" 2>&1 &
	listening=$!
	await grep -qs listens "$tmp/heard"
	run patiently "$as_user" env NOTIFY_SOCKET="$tmp/manager" CONTAINERS_CONF="$tmp/user.conf" HOME="/home/$TH_USER" \
		podman --storage-driver=vfs run --detach --name ready --sdnotify=container "${volumes[@]}" box:1 /usr/bin/python3 -c 'import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
s.send(b"READY=1")
time.sleep(7690)'
	await grep -qs READY=1 "$tmp/heard"
	await grep -qs MAINPID= "$tmp/heard"
	in_pod inspect --format '{{.State.ConmonPid}}' ready
	no_refusal is "... run --sdnotify=container: the manager hears that it is ready, and of conmon" "$status $(sort "$tmp/heard" | tr '\n' ' ')" \
		"0 MAINPID=$out READY=1 listens "
	in_pod rm --force --time 0 ready
	kill "$listening"
	wait "$listening" 2>/dev/null
}

test_podman_user() {
	local TEST_PATIENCE=60 users
	lacks "podman as a user" podman conmon buildah && return
	[ -n "${TH_USER-}" ] || { skip "podman as a user" "this host has no user"; return; }
	{ shown containers.conf; printf '%s\n' 'events_logger="file"' 'runtime_supports_nocgroup=["isorun-oci"]' '[containers]' 'netns="none"' 'log_driver="k8s-file"' 'pids_limit=0'; } >"$tmp/user.conf"
	tar -C "$bundle/rootfs" -c . >"$tmp/image.tar"
	chmod a+rx "$tmp" && chmod a+r "$tmp/user.conf" "$tmp/image.tar"
	install -d -o "$TH_USER" "/home/$TH_USER/.config"
	in_pod import "$tmp/image.tar" box:1
	in_pod run --rm --user 5:6 box:1 sh -c 'echo $(busybox id -u):$(busybox id -g)'
	no_refusal is "podman as a user: run --user" "$status $out" "0 5:6"
	in_pod run --rm --cgroups=disabled box:1 sh -c 'echo ran'
	no_refusal is "... run --cgroups=disabled, with a line that allows it" "$status $out" "0 ran"
	in_pod run --rm --volume data:/tmp box:1 sh -c 'echo kept >/tmp/file'
	in_pod run --rm --read-only --volume data:/tmp:ro box:1 sh -c 'busybox cat /tmp/file; busybox touch /tmp/x'
	like "... a volume, writable and read-only" "$status $out $err" "1 kept *touch: /tmp/x: Read-only file system"
	in_pod run --detach --name one --uidmap 0:0:1000 --gidmap 0:0:1000 --health-cmd 'busybox test -e /tmp/well' --health-interval=disable box:1 \
		sh -c 'trap "exit 4" TERM; echo said; while :; do busybox sleep 0.1; done'
	no_refusal is "... run --detach" "$status" 0
	await eval 'in_pod logs one; [ "$out" = said ]'
	in_pod healthcheck run one
	is "... a healthcheck that fails" "$status" 1
	in_pod exec one sh -c 'echo >/tmp/well; exit 3'
	no_refusal is "... exec" "$status" 3
	in_pod healthcheck run one
	no_refusal is "... a healthcheck" "$status" 0
	in_pod exec one busybox readlink /proc/self/ns/user
	users=$out
	in_pod run --rm --userns=container:one box:1 busybox readlink /proc/self/ns/user
	no_refusal is "... run --userns=container:" "$status $out" "0 $users"
	in_pod run --rm --pid container:one box:1 busybox ps -o args
	no_refusal like "... run --pid container:" "$status $out" "0 *trap*busybox ps*"
	in_pod pause one
	in_pod ps --all --format '{{.Status}}'
	like "... pause" "$out" "*Paused*"
	in_pod unpause one
	in_pod stop one
	in_pod ps --all --format '{{.Status}}'
	like "... stop" "$out" "Exited (4)*"
	in_pod start one
	in_pod kill --signal KILL one
	in_pod wait one
	no_refusal is "... start and kill" "$status $out" "0 137"
	in_pod rm one
	test_podman_notify
	in_pod pod create --name group --infra=false
	in_pod run --detach --pod group --name two box:1 busybox sleep 7680
	await runs '^busybox sleep 7680$'
	like "... a container of a pod is in a scope of the user's manager" \
		"$(sed -n 's/^0:://p' "/proc/$(first_pid '^busybox sleep 7680$')/cgroup")" "/user.slice/*/user@*/libpod-*.scope/container"
	in_pod run --rm --mount type=image,source=box:1,destination=/tmp box:1 sh -c 'busybox cat /tmp/etc/hidden; busybox touch /tmp/x'
	like "... run --mount type=image" "$status $out $err" "1 hidden *touch: /tmp/x: Read-only file system"
	in_pod run --rm --cgroupns host box:1 sh -c 'echo $(busybox test -e /sys/fs/cgroup/cgroup.procs; echo $?) $(busybox test -e /sys/fs/cgroup/init.scope; echo $?)'
	is "... run --cgroupns host shows only its own cgroup" "$status $out" "0 0 1"
	in_pod pod rm --force --time 0 group
	no_refusal is "... rm" "$status $(ls "/run/user/$(id -u "$TH_USER")/isorun-oci")" "0 "
	if ! lacks "... run --init" catatonit; then
		in_pod run --rm --init box:1 sh -c 'busybox cat /proc/1/comm'
		no_refusal is "... run --init" "$status $out" "0 podman-init"
	fi
	in_buildah "buildah as a user" "$as_user"
	mkdir -p /var/lib/containers
	mount -t tmpfs tmpfs /var/lib/containers
	in_buildah "buildah as root"
	umount /var/lib/containers
}

in_buildah() { # description, before the command...
	cat >"$tmp/build" <<-END
		set -e
		cd /tmp
		export CONTAINERS_CONF="$tmp/user.conf" HOME=$([ $# = 1 ] && echo "$tmp" || echo "/home/$TH_USER")
		buildah() { command buildah --storage-driver=vfs "\$@"; }
		buildah images | grep -q box || podman --storage-driver=vfs import "$tmp/image.tar" box:1
		c=\$(buildah from --pull-never localhost/box:1)
		$(shown buildah | sed 's/^# //')
	END
	chmod a+r "$tmp/build"
	run patiently "${@:2}" bash "$tmp/build"
	no_refusal like "$1: run" "$status $out" "0 *built by 0"
}

test_containerd() {
	local new
	lacks containerd containerd ctr umoci skopeo && return
	containerd_begin
	# Without a cpu controller, ctr's own default of 1024 shares would be an error.
	new+=(--cpu-shares 0)
	ctr "${new[@]}" --rm docker.io/library/box:1 one sh -c 'busybox id -u; exit 3'
	no_refusal is "containerd: run" "$status $out" "3 0"
	local once=("${new[@]}" --rm)
	ctr "${once[@]}" --read-only docker.io/library/box:1 one busybox touch /x
	like "... run --read-only" "$status $out$err" "1 *touch: /x: Read-only file system*"
	ctr "${once[@]}" --rootfs "$bundle/rootfs" one busybox touch /tmp/x
	no_refusal is "... --rootfs" "$status $(rm "$bundle/rootfs/tmp/x" && echo made)" "0 made"
	ctr "${once[@]}" --seccomp docker.io/library/box:1 one sh -c 'busybox grep Seccomp: /proc/self/status; busybox unshare -m true'
	like "... --seccomp" "$status $out$err" "1 *Seccomp:*2*unshare: unshare(0x20000): Operation not permitted*"
	ctr "${once[@]}" --net-host docker.io/library/box:1 one busybox readlink /proc/self/ns/net
	no_refusal is "... --net-host" "$status $out" "0 $(readlink /proc/self/ns/net)"
	run patiently script -qec "ctr --address $tmp/containerd/sock ${once[*]} --tty docker.io/library/box:1 one busybox tty" /dev/null
	no_refusal like "... --tty" "$status $out" "0 *(/dev/pts/0|/dev/console)*"
	ctr "${new[@]}" --detach docker.io/library/box:1 two busybox sleep 7681
	await runs '^busybox sleep 7681$'
	ctr task exec --exec-id again two sh -c 'busybox cat /proc/1/comm; exit 4'
	no_refusal is "... exec" "$status $out" "4 busybox"
	ctr task exec --detach --exec-id user --user 3:4 two busybox sleep 7683
	await runs '^busybox sleep 7683$'
	ctr task ps two
	no_refusal like "... exec --detach, as another user" "$(stat -c %u:%g "/proc/$(first_pid '^busybox sleep 7683$')") $out" \
		"3:4 *ExecID:user*"
	ctr task kill --exec-id user --signal KILL two
	no_refusal ok "... and kill" eventually gone '^busybox sleep 7683$'
	ctr task pause two
	ctr task list
	like "... pause" "$out" "*two*PAUSED*"
	ctr task resume two
	ctr task metrics two
	like "... metrics" "$status $out" "0 *pids.current*"
	ctr task kill --signal KILL two
	await eval 'ctr task list; [[ $out = *two*STOPPED* ]]'
	ctr task kill --signal KILL two
	like "... a second kill finds it stopped" "$status $err" "1 *process already finished: not found"
	ctr task rm two
	ctr containers rm two
	no_refusal is "... kill and rm" "$status $(ls /run/containerd/runc/default)" "0 "
	ctr "${new[@]}" --rm --runc-systemd-cgroup --cgroup machine.slice:ctr:three docker.io/library/box:1 three busybox grep ^0: /proc/self/cgroup
	no_refusal is "... in a scope" "$status $out" "0 0::/machine.slice/ctr-three.scope/container"
	test_debian_containerd
	test_kubernetes
	containerd_end
	(cd "$tmp" && umoci unpack --image layout:1 bundled) >/dev/null 2>&1
	python3 - "$tmp/bundled/config.json" <<-'END'
		import json, sys
		c = json.load(open(sys.argv[1]))
		c["process"].update(terminal=False, args=["sh", "-c", "echo bundled"])
		json.dump(c, open(sys.argv[1], "w"))
	END
	oci run --bundle "$tmp/bundled" box
	no_refusal is "a bundle of umoci" "$status $out" "0 bundled"
}

# What containerd's plugin for Kubernetes asks for: a pod, and containers that share some of its namespaces.
test_kubernetes() {
	local TEST_PATIENCE=60 pod one two cri_id cri_config host='"network":2,"ipc":0' user=1000:2000:7
	local term=$tmp/term in_pod
	lacks_cri && return
	cri_begin
	in_pod="\"security_context\":{\"namespace_options\":{$host,\"pid\":0}}"
	cri_pod "${in_pod%\}},\"privileged\":1}" # or it could have no container that is
	pod=$cri_id
	cri PodSandboxStatus "{\"pod_sandbox_id\":\"$pod\"}" status.state status.runtime_handler
	no_refusal is "Kubernetes: a pod" "$status $out" "0 0 isorun"
	await runs '^/bin/busybox sleep 7694$'
	echo "names of the pod" >"$tmp/hosts"
	echo end >"$term"
	mkdir -p "$tmp/claim/empty" "$tmp/claim/secret" "$tmp/claim/down" "$tmp/claim/up"
	mount -t tmpfs down "$tmp/claim/down" && mount --make-shared "$tmp/claim/down"
	mount -t tmpfs up "$tmp/claim/up" && mount --make-shared "$tmp/claim/up"
	cri_container "$pod" one 'trap "exit 4" TERM; echo >/dev/shm/of-the-pod; echo said; while read line; do echo "got $line"; done' \
		"\"linux\":{$in_pod},\"stdin\":1,\"mounts\":[{\"container_path\":\"/etc/hosts\",\"host_path\":\"$tmp/hosts\"},
		{\"container_path\":\"/dev/termination-log\",\"host_path\":\"$term\"},{\"container_path\":\"/data\",\"host_path\":\"$tmp/claim/empty\"},
		{\"container_path\":\"/run/secret\",\"host_path\":\"$tmp/claim/secret\",\"readonly\":1},
		{\"container_path\":\"/down\",\"host_path\":\"$tmp/claim/down\",\"propagation\":1}]"
	one=$cri_id
	no_refusal is "... a container" "$status" 0
	await grep -qs 'stdout F said' "$tmp/pods/one.log"
	cri_exec "$one" 'busybox cat /etc/hosts; echo done >/dev/termination-log; echo >/data/file; echo >/run/secret/file; exit 3'
	like "... its two volumes, one read-only" "$out $(cat "$term") $(ls "$tmp/claim/empty" "$tmp/claim/secret")" \
		"3 names of the pod*can't create /run/secret/file: Read-only file system*done *empty:*file*secret:"
	mkdir "$tmp/claim/down/later" && mount -t tmpfs later "$tmp/claim/down/later" && touch "$tmp/claim/down/later/file"
	cri_exec "$one" 'busybox ls /down/later; busybox umount /down/later'
	like "... sees mounts that come later in one that is HostToContainer, and cannot remove them" "$out" "1 file*Operation not permitted*"
	test_kubernetes_streams "$one"
	cri_container "$pod" two 'while :; do busybox sleep 0.1; done' \
		"\"linux\":{\"security_context\":{\"namespace_options\":{$host,\"pid\":1},\"run_as_user\":{\"value\":1000},\"run_as_group\":{\"value\":2000},
		\"supplemental_groups\":[7],\"readonly_rootfs\":1,\"no_new_privs\":1,\"capabilities\":{\"drop_capabilities\":[\"ALL\"],\"add_capabilities\":[\"NET_BIND_SERVICE\"]},
		\"seccomp\":{\"profile_type\":0},\"masked_paths\":[\"/proc/version\",\"/proc/irq\"],\"readonly_paths\":[\"/proc/sys\"]}}"
	two=$cri_id
	cri_exec "$one" 'echo $(busybox ps -o args | busybox grep -c -e "[s]leep 7694" -e "[t]rap")'
	no_refusal is "... which has the processes of the pod" "$out" "0 2"
	cri_exec "$two" 'echo $(busybox ps -o args | busybox grep -c "[s]leep 7694") $(busybox ls /dev/shm)'
	is "... another one has only its own, and the memory of the pod" "$out" "0 0 of-the-pod"
	cri_exec "$two" 'echo $(busybox id -u):$(busybox id -g):$(busybox id -G | busybox cut -d" " -f2) $(busybox grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/self/status)
		busybox touch /tmp/x; echo 0 >/proc/sys/vm/swappiness; busybox unshare -m true; busybox wc -c </proc/version; busybox ls /proc/irq'
	like "... and is confined as its security context says" "$out" \
		"0 $user CapBnd: 0000000000000400 NoNewPrivs: 1 Seccomp: 2"$'\n'"0*touch: /tmp/x: Read-only file system*/proc/sys/vm/swappiness: *unshare: unshare(0x20000): Operation not permitted*"
	cri_container "$pod" three 'busybox mkdir /up/made && busybox mount -t tmpfs made /up/made && busybox touch /up/made/file' \
		"\"mounts\":[{\"container_path\":\"/up\",\"host_path\":\"$tmp/claim/up\",\"propagation\":2}],\"linux\":{\"security_context\":{\"namespace_options\":{$host,\"pid\":1},\"privileged\":1}}"
	await cri_has_ended "$cri_id"
	cri_of ContainerStatus "$cri_id" status.exit_code
	no_refusal is "... a privileged one mounts on the host in a volume that is Bidirectional" "$out $(ls "$tmp/claim/up/made")" "0 file"
	cri_of ContainerStats "$one" stats.cpu
	no_refusal is "... statistics" "$status" 0
	cri StopContainer "{\"container_id\":\"$one\",\"timeout\":20}"
	cri_of ContainerStatus "$one" status.state status.exit_code status.reason
	no_refusal is "... stop" "$status $out" "0 2 4 Error"
	cri_of RemoveContainer "$one"
	cri StopPodSandbox "{\"pod_sandbox_id\":\"$pod\"}"
	no_refusal is "... stop of the pod" "$status" 0
	cri_of ContainerStatus "$two" status.state status.exit_code
	no_refusal is "... which ends all containers" "$status $out" "0 2 137"
	cri RemovePodSandbox "{\"pod_sandbox_id\":\"$pod\"}"
	no_refusal is "... and remove" "$status $(ls /run/containerd/runc/k8s.io)" "0 "
	also ok "... and no scope is left" eventually eval '[ -z "$(systemctl list-units --all --no-legend "isorun-oci-*.scope")" ]'
	umount "$tmp/claim/up/made" "$tmp/claim/up" "$tmp/claim/down/later" "$tmp/claim/down"
}

# What kubectl's exec and attach use; PortForward does not reach the runtime.
test_kubernetes_streams() { # container, which repeats its standard input
	local exec="{\"container_id\":\"$1\",\"stdout\":1,\"cmd\":" attach="{\"container_id\":\"$1\",\"stdin\":1,\"stdout\":1,\"stderr\":1}"
	cri_stream Exec "${exec}[\"sh\",\"-c\",\"read a; echo got \$a; echo said >&2; exit 3\"],\"stdin\":1,\"stderr\":1}" '' '0 hello\n'
	no_refusal like "... Exec, with its three streams and its status" "$status $out $err" '0 got hello *2 said*"NonZeroExitCode"*"message":"3"*'
	cri_stream Exec "${exec}[\"sh\",\"-c\",\"busybox tty; until [ \\\"\$(busybox stty size)\\\" = \\\"33 77\\\" ]; do :; done; exit 5\"],\"stdin\":1,\"tty\":1}" \
		'' '4 {"Width":77,"Height":33}'
	no_refusal like "... with a terminal, whose size it gets" "$status $out $err" '0 /dev/pts/0*"message":"5"*'
	cri_stream Exec "${exec}[\"/no/such\"],\"stderr\":1}"
	like "... says why a command cannot be executed" "$status $err" "0 *: cannot execute /no/such: No such file or directory: *"
	cri_stream Attach "$attach" "got first" '0 first\n'
	no_refusal like "... Attach" "$status $out" "0 *got first"
	mv "$tmp/pods/one.log" "$tmp/pods/one.1"
	cri_of ReopenContainerLog "$1"
	cri_stream Attach "$attach" "got second" '0 second\n'
	ok "... a log that is opened anew" eventually grep -qs "stdout F got second" "$tmp/pods/one.log"
	cri ExecSync "{\"container_id\":\"$1\",\"cmd\":[\"busybox\",\"sleep\",\"7699\"],\"timeout\":1}"
	like "... ExecSync has a timeout" "$status $err" "1 *timeout 1s exceeded*"
	also ok "... which ends the command" eventually gone '^busybox sleep 7699$'
}

test_slurm() {
	local home
	lacks_slurm && return
	slurm_begin
	as_job srun -N4 --container="$home/bundle" sh -c 'busybox hostname'
	no_refusal is "Slurm: srun --container on four nodes" "$status $(sort -u <<<"$out") $(wc -l <<<"$out")" "0 isorun 4"
	as_job srun -N1 --container="$home/bundle" sh -c 'exit 3'
	is "... returns the status of the command" "$status" 3
	as_job sbatch --quiet --output=/dev/null --container="$home/bundle" --wrap 'trap "" TERM; busybox sleep 7682'
	await runs '^busybox sleep 7682$'
	as_job scancel --user "$TH_USER"
	no_refusal ok "... scancel ends a container" eventually gone '^busybox sleep 7682$'
	also no_refusal ok "... and its state is gone" eventually eval '[ -z "$(ls "/tmp/isorun-oci-$TH_USER")" ]'
	as_job srun -N4 "$isorun" --no-scope --policy "$home/job.conf" sh -c 'id -u; cat /root/x 2>/dev/null; touch /etc/x 2>/dev/null; echo $?'
	no_refusal is "Slurm: srun isorun --policy, on four nodes" "$status $(sort <<<"$out" | uniq -c | tr -s ' \n' ' ')" "0  4 1 4 $(id -u "$TH_USER") "
	test_debian_slurm
	slurm_end
}

# An image that tests/debian-image has made in two layers: the second has one more package, and no manuals.
debian=$build/debian-image
debian_says=$(. /etc/os-release && echo "$VERSION_CODENAME Hello, world!")
debian_script='. /etc/os-release; [ ! -e /usr/share/man ] && echo "$VERSION_CODENAME $(hello)"'

lacks_debian() { # description
	[ ! -e "$debian" ] || return
	skip "$1: Debian in two layers" "there is no image: tests/debian-image makes it from Debian's archive of packages"
}

# A directory on a file system that can have a store of images.
store_begin() {
	local place
	for place in "$tmp" "$build"; do
		store=$(mktemp -d "$place/engines-test.XXXXXX")
		mknod "$store/whiteout" c 0 0 2>/dev/null &&
			python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.x", b"")' "$store" 2>/dev/null && break
		rm -rf "$store"
		store=
	done
	[ -n "$store" ] || { skip "Debian in two layers as a root" "no file system here can have a store"; return 1; }
	mkdir -p /var/lib/isorun
	mount --bind "$store" /var/lib/isorun
}

test_debian() {
	local store TEST_PATIENCE=120
	lacks "Debian in two layers" umoci podman conmon && return
	lacks_debian "as a root, a bundle, and under podman" && return
	if store_begin; then
		run "$isoctl" image add "oci:$debian:slim" debian:slim
		run "$isoctl" image list
		no_refusal like "Debian in two layers: added" "$out" "*debian:slim * 2 *"
		run "$isorun" --quiet --root image:debian:slim sh -c "$debian_script"
		no_refusal is "... as a root" "$status $out" "0 $debian_says"
		umount /var/lib/isorun
		rm -rf "$store"
	fi
	umoci unpack --image "$debian:slim" "$tmp/debian" >/dev/null 2>&1
	says_debian "$tmp/debian"
	oci run --bundle "$tmp/debian" box
	no_refusal is "... as a bundle of umoci" "$status $out" "0 $debian_says"
	mkdir -p /var/lib/containers
	mount -t tmpfs tmpfs /var/lib/containers
	run patiently env CONTAINERS_CONF="$tmp/user.conf" podman --storage-driver=vfs pull --quiet "oci:$debian:slim"
	run patiently env CONTAINERS_CONF="$tmp/user.conf" podman --storage-driver=vfs run --rm "${out##*$'\n'}" sh -c "$debian_script"
	no_refusal is "... under podman" "$status $out" "0 $debian_says"
	umount /var/lib/containers
}

says_debian() { # bundle
	python3 - "$1/config.json" "$debian_script" <<-'END'
		import json, sys
		c = json.load(open(sys.argv[1]))
		c["process"].update(terminal=False, args=["sh", "-c", sys.argv[2]])
		json.dump(c, open(sys.argv[1], "w"))
	END
}

test_debian_containerd() {
	local TEST_PATIENCE=120
	lacks_debian "under containerd" && return
	skopeo copy --quiet "oci:$debian:slim" "oci-archive:$tmp/debian.tar:docker.io/library/debian:slim"
	ctr images import --snapshotter native "$tmp/debian.tar"
	rm "$tmp/debian.tar"
	ctr "${new[@]}" --rm docker.io/library/debian:slim debian sh -c "$debian_script"
	no_refusal is "Debian in two layers: under containerd" "$status $out" "0 $debian_says"
}

test_debian_slurm() {
	lacks_debian "under Slurm" && return
	install -d -o "$TH_USER" "$home/debian"
	mv "$tmp/debian/rootfs" "$home/debian"
	chown -R "$TH_USER": "$home/debian"
	as_job "$isorun_oci" spec --rootless --bundle "$home/debian"
	says_debian "$home/debian"
	as_job srun -N1 --container="$home/debian" sh -c "$debian_script"
	no_refusal is "Debian in two layers: under Slurm" "$status $out" "0 $debian_says"
}

for file in containers.conf buildah config.toml oci.conf; do
	no_isorun like "docs/oci.md shows $file, which names the runtime" "$(shown "$file")" "*$isorun_oci*"
done
if [ -z "${TEST_FULL-}" ]; then
	skip "engines" "they take a minute (tests/check --full)"
else
	test_podman_user
	test_debian
	test_containerd
	test_slurm
fi
