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
	mkdir -p "$tmp/containerd"
	{ shown config.toml; printf 'root = "%s"\nstate = "%s"\n' "$tmp/containerd/root" "$tmp/containerd/state"; } >"$tmp/containerd/all"
	# Keys of the top come before the first table.
	{ echo 'version = 2'; grep -E '^(root|state) = ' "$tmp/containerd/all"; echo 'disabled_plugins = ["io.containerd.grpc.v1.cri"]'
		printf '[grpc]\n  address = "%s"\n' "$tmp/containerd/sock"; grep -vE '^(root|state|version) ' "$tmp/containerd/all"; } >"$tmp/containerd/config.toml"
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
