# SPDX-License-Identifier: LGPL-2.1-or-later
# For the suites of engines, to be sourced after oci.sh: the configurations that docs/oci.md shows, containerd, and Slurm.

# The text of a block of docs/oci.md, with the programs of this build.
shown() { # the file that the page calls it
	awk -v name="<!-- file: $1 -->" '$0 == name { found = 1; next } found && /^```/ { if (inside++) exit; next } inside' "$top/docs/oci.md" |
		sed "s,/usr/bin/isorun-oci,$isorun_oci,; s,^isorun ,$isorun ,"
}

lacks() { # engine, programs...
	local program
	for program in "${@:2}"; do
		command -v "$program" >/dev/null || { skip "$1" "$program is not installed"; return 0; }
	done
	return 1
}

# containerd with an image of the bundle's root; ctr() runs its client.
containerd_begin() {
	local without=true
	! has_controllers || without=false
	mkdir -p "$tmp/containerd/net"
	cat - <(shown config.toml) >"$tmp/containerd/config.toml" <<-END
		version = 2
		root = "$tmp/containerd/root"
		state = "$tmp/containerd/state"
		[grpc]
		  address = "$tmp/containerd/sock"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "docker.io/library/pause:1"
		  stream_server_address = "127.0.0.1"
		  disable_cgroup = $without
		  restrict_oom_score_adj = $without
		[plugins."io.containerd.grpc.v1.cri".cni]
		  conf_dir = "$tmp/containerd/net"
		[plugins."io.containerd.grpc.v1.cri".containerd]
		  snapshotter = "native"
	END
	(cd "$tmp" && umoci init --layout layout && umoci new --image layout:1 && umoci unpack --image layout:1 unpacked &&
		cp -a "$bundle/rootfs/." unpacked/rootfs && umoci repack --image layout:1 unpacked && umoci config --image layout:1 --config.env PATH=/bin &&
		skopeo copy oci:layout:1 oci-archive:archive:docker.io/library/box:1) >/dev/null 2>&1
	containerd --config "$tmp/containerd/config.toml" >"$tmp/containerd/log" 2>&1 &
	await [ -S "$tmp/containerd/sock" ]
	ctr() { run patiently /usr/bin/ctr --address "$tmp/containerd/sock" "$@"; }
	ctr images import --snapshotter native "$tmp/archive"
	new=(run --snapshotter native --runc-binary "$isorun_oci")
}

containerd_end() { kill %?containerd; }

# Calls containerd as a kubelet does; $out is what tests/cri.py prints.
cri() { run patiently "$top/tests/cri.py" "$tmp/containerd/sock" "$@"; } # method, request, [fields...]

# The images of the next pods; $cri_id is what the two functions below have made.
cri_begin() {
	(cd "$tmp" && umoci config --image layout:1 --tag pause --config.cmd /bin/busybox --config.cmd sleep --config.cmd 7694 &&
		skopeo copy oci:layout:pause oci-archive:pause:docker.io/library/pause:1) >/dev/null 2>&1
	ctr --namespace k8s.io images import --snapshotter native "$tmp/archive"
	ctr --namespace k8s.io images import --snapshotter native "$tmp/pause"
	mkdir -p "$tmp/pods"
}

# A pod in the host's network; NODE is 2, POD 0, CONTAINER 1.
cri_pod() { # its part of Linux in JSON, without the braces
	cri_config="{\"metadata\":{\"name\":\"pod\",\"uid\":\"$((++cri_pods))\",\"namespace\":\"default\"},\"log_directory\":\"$tmp/pods\",\"linux\":{$1}}"
	cri RunPodSandbox "{\"config\":$cri_config,\"runtime_handler\":\"isorun\"}" pod_sandbox_id
	cri_id=$out
}
cri_pods=0

cri_container() { # pod, name, script, "linux":{…} and other parts of its configuration in JSON
	local config
	config=$(python3 -c 'import json, sys
print(json.dumps({"metadata": {"name": sys.argv[1]}, "image": {"image": "docker.io/library/box:1"}, "command": ["sh", "-c", sys.argv[2]],
    "log_path": sys.argv[1] + ".log", **json.loads("{" + sys.argv[3] + "}")}))' "$2" "$3" "$4")
	cri CreateContainer "{\"pod_sandbox_id\":\"$1\",\"config\":$config,\"sandbox_config\":$cri_config}" container_id
	cri_id=$out
	[ "$status" != 0 ] || cri StartContainer "{\"container_id\":\"$cri_id\"}"
}

cri_of() { cri "$1" "{\"container_id\":\"$2\"}" "${@:3}"; } # method, container, fields...
cri_exec() { # container, script
	cri ExecSync "$(python3 -c 'import json, sys; print(json.dumps({"container_id": sys.argv[1], "cmd": ["sh", "-c", sys.argv[2]]}))' "$1" "$2")" \
		exit_code stdout stderr
}
# A stream of containerd: $out is what tests/cri-stream.py prints, and $err what it prints on standard error.
cri_stream() { # method, its request, [text that ends the stream, [message...]]
	cri "$1" "$2" url
	run patiently "$top/tests/cri-stream.py" "$out" "${@:3}"
}
cri_has_ended() { cri_of ContainerStatus "$1" status.state && [ "$out" = 2 ]; }

lacks_cri() {
	python3 -c 'import grpc' 2>/dev/null && return 1
	skip "containerd's interface for Kubernetes" "there is no python3-grpcio"
}

as_job() { run patiently runuser -u "${job_user:-$TH_USER}" -- env -C "$home/work" "$@"; }

# Each of four slurmd is a node. getaddrinfo(3) wants an address that is not of the loopback network.
slurm_begin() {
	local n
	home=/home/$TH_USER
	ip link set lo up
	ip address add 10.55.0.1/24 dev lo
	grep -q testhost /etc/hosts || echo "10.55.0.1 testhost" >>/etc/hosts
	mkdir -p /etc/munge /run/munge /var/lib/munge /var/log/munge /etc/slurm "$tmp/slurm"
	[ -s /etc/munge/munge.key ] || head -c 1024 /dev/urandom >/etc/munge/munge.key
	chown -R munge: /etc/munge /run/munge /var/lib/munge /var/log/munge
	chmod 400 /etc/munge/munge.key
	runuser -u munge -- munged --force 2>/dev/null
	shown slurm.conf | sed "s,/var/spool/slurm,$tmp/slurm," >/etc/slurm/slurm.conf
	shown oci.conf >/etc/slurm/oci.conf
	shown cgroup.conf >/etc/slurm/cgroup.conf
	if ! has_controllers; then
		sed -i 's,proctrack/cgroup,proctrack/linuxproc,; s,task/cgroup,task/none,' /etc/slurm/slurm.conf
		echo 'CgroupPlugin=cgroup/v1' >/etc/slurm/cgroup.conf
	fi
	slurmctld -D >"$tmp/slurm/controller" 2>&1 &
	for n in 1 2 3 4; do
		mkdir -p "$tmp/slurm/n$n"
		slurmd -D -N "n$n" >"$tmp/slurm/node$n" 2>&1 &
	done
	await eval '[ "$(timeout 5 sinfo --noheader -o "%D %T" 2>&1)" = "4 idle" ]'
	install -d -m 755 -o "$TH_USER" "$home" "$home/work" "$home/bundle"
	cp -a "$bundle/rootfs" "$home/bundle"
	chown -R "$TH_USER": "$home/bundle"
	as_job "$isorun_oci" spec --rootless --bundle "$home/bundle"
	sed -i 's/"terminal": true/"terminal": false/' "$home/bundle/config.json"
	shown job.conf >"$home/job.conf"
	chmod a+r "$home/job.conf"
}

slurm_end() {
	local job
	for job in $(jobs -p); do kill "$job"; done
}

lacks_slurm() {
	lacks Slurm slurmctld slurmd srun munged && return
	[ -n "${TH_USER-}" ] || { skip "Slurm" "this host has no user"; return 0; }
	[ "${TESTHOST-real}" != real ] || { skip "Slurm" "this host may have jobs of its own"; return 0; }
	return 1
}
