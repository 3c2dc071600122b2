#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Engines that give limits to isorun-oci, or whose limits hold isorun: containerd, and Slurm with its cgroups. The limits
# are read back from the kernel. Needs a host with resource controllers.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../oci.sh"
. "$(dirname "$0")/../engines.sh"

test_containerd() {
	local new cgroup=/sys/fs/cgroup/default/one
	lacks containerd containerd ctr umoci skopeo && return
	containerd_begin
	ctr "${new[@]}" --detach --memory-limit 50003968 --cpus 0.5 docker.io/library/box:1 one busybox sleep 7691
	await runs '^busybox sleep 7691$'
	no_refusal is "containerd: limits are the kernel's" "$status $(cat $cgroup/memory.max $cgroup/cpu.max $cgroup/cpu.weight | tr '\n' ' ')" \
		"0 50003968 50000 100000 39 "
	ctr task metrics one
	no_refusal like "... and metrics show them" "$status $out" "0 *memory.usage_limit*50003968*"
	ctr task exec --exec-id more one sh -c 'busybox head -c 90000000 /dev/zero | busybox tail | busybox wc -c'
	is "... hold what exec starts" "$status $out" "0 0"
	ctr task rm --force one
	ctr containers rm one
	no_refusal ok "... and the cgroup is gone" [ ! -e $cgroup ]
	test_kubernetes
	containerd_end
}

# A pod in a slice of its own, as a kubelet with systemd's cgroups makes it.
test_kubernetes() {
	local pod one cri_id cri_config limits cgroup=/sys/fs/cgroup/kubepods.slice/kubepods-one.slice
	lacks_cri && return
	cri_begin
	cri_pod "\"cgroup_parent\":\"kubepods-one.slice\",\"security_context\":{\"namespace_options\":{\"network\":2}}"
	pod=$cri_id
	limits='"memory_limit_in_bytes":50003968,"cpu_shares":512,"cpu_quota":50000,"cpu_period":100000'
	cri_container "$pod" one 'busybox sleep 7695 & wait' \
		"\"linux\":{\"resources\":{$limits,\"oom_score_adj\":900,\"unified\":{\"pids.max\":\"50\"}},\"security_context\":{\"namespace_options\":{\"network\":2,\"pid\":1}}}"
	one=$cri_id
	await runs '^busybox sleep 7695$'
	no_refusal is "Kubernetes: limits are the kernel's, in the pod's slice" \
		"$(cat "$cgroup/cri-containerd-$one.scope/container/"{memory.max,cpu.weight,cpu.max,pids.max} | tr '\n' ' ')" "50003968 20 50000 100000 50 "
	cri UpdateContainerResources "{\"container_id\":\"$one\",\"linux\":{\"memory_limit_in_bytes\":60002304,\"cpu_shares\":1024}}"
	no_refusal is "... which change them" "$status $(cat "$cgroup/cri-containerd-$one.scope/container/"{memory.max,cpu.weight,cpu.max} | tr '\n' ' ')" \
		"0 60002304 39 50000 100000 "
	cri_container "$pod" two 'busybox tail /dev/zero; busybox sleep 7696' \
		'"linux":{"resources":{"memory_limit_in_bytes":20000768},"security_context":{"namespace_options":{"network":2,"pid":1}}}'
	await eval 'cri_of ContainerStatus "$cri_id" status.state status.reason; [ "$out" = "1 OOMKilled" ]'
	also ok "... a process that needs more memory is killed, and the status says so" eventually runs '^busybox sleep 7696$'
	cri StopPodSandbox "{\"pod_sandbox_id\":\"$pod\"}"
	cri RemovePodSandbox "{\"pod_sandbox_id\":\"$pod\"}"
	no_refusal is "... and nothing is left" "$status $(ls /run/containerd/runc/k8s.io) $(ls -d "$cgroup"/*.scope 2>/dev/null)" "0  "
}

# The cgroup of a process, and the limits of those above it, up to Slurm's scope.
held() { # pattern of a command line
	local cgroup
	cgroup=$(sed -n 's/^0:://p' "/proc/$(first_pid "$1")/cgroup")
	echo "$cgroup"
	while [[ $cgroup = */job_* ]]; do
		cat "/sys/fs/cgroup$cgroup/memory.max"
		cgroup=${cgroup%/*}
	done
}

test_slurm() {
	local home limit=62914560 in_job='/system.slice/n[1-4]_slurmstepd.scope/job_*/step_*/user/task_*'
	lacks_slurm && return
	slurm_begin

	as_job srun -N4 --mem=60 "$isorun" --no-scope --policy ../job.conf --here sh -c 'echo $SLURM_PROCID'
	no_refusal is "Slurm: srun isorun --policy, on four nodes" "$status $(sort <<<"$out" | tr '\n' ' ')$err" "0 0 1 2 3 "
	as_job sbatch --quiet --output=/dev/null --mem=60 --wrap "$isorun --no-scope --policy ../job.conf --here sleep 7692"
	await runs '^sleep 7692$'
	no_refusal like "... is in Slurm's cgroup, also if the user has a manager, with its limits" "$(held '^sleep 7692$')" \
		"$in_job"$'\n'"max*$limit"$'\n'"max"$'\n'"$limit"
	as_job scancel --user "$TH_USER"
	no_refusal ok "... and scancel ends it" eventually gone '^sleep 7692$'
	as_job srun -N1 --mem=60 "$isorun" --policy ../job.conf --here sleep 0
	no_refusal like "... also without --no-scope" "$status $err" "0 *isorun stays in its cgroup*"
	job_user=games as_job srun -N1 --mem=60 "$isorun" --policy "$home/job.conf" sleep 0
	no_refusal like "... and if the user has none" "$status $err" "0 *so the instance is not a unit*"
	as_job srun -N1 --mem=30 "$isorun" --no-scope --policy ../job.conf sh -c 'head -c 90000000 /dev/zero | tail | wc -c'
	like "... its limit of memory holds" "$status $out $err" "1 0 *Out Of Memory*"
	as_job srun -N1 --mem=60 "$isorun" --no-scope --policy ../job.conf -p MemoryMax=20M touch "$home/work/ran"
	like "... a limit in the policy is refused, because nothing could enforce it" "$status $(ls "$home/work") $err" \
		"125  isorun: -p: MemoryMax=*: cannot be enforced: *"

	shown array.sh >"$home/work/array.sh"
	cp "$home/job.conf" "$home/work"
	for n in 1 2 3 4; do
		printf '{"argv":["sh","-c","echo $SLURM_ARRAY_TASK_ID %s"],"stdout":"out.%s.%s"}\n' one $n 1 two $n 2 >"$home/work/lines.$n"
	done
	as_job sbatch --quiet --wait --mem=60 --output="$home/work/log.%a" --array=1-4 array.sh
	no_refusal is "Slurm: an array of batches" "$status $(cat "$home"/work/out.* "$home"/work/log.* | tr '\n' ' ')" \
		"0 1 one 1 two 2 one 2 two 3 one 3 two 4 one 4 two "
	no_refusal is "... each line has a result" "$(cat "$home"/work/results.* | grep -c '"run":true,"status":0')" 8

	as_job srun -N4 --mem=60 --container="$home/bundle" sh -c 'busybox hostname'
	no_refusal is "Slurm: srun --container on four nodes" "$status $(sort -u <<<"$out") $(wc -l <<<"$out")" "0 isorun 4"
	as_job sbatch --quiet --output=/dev/null --mem=60 --container="$home/bundle" --wrap 'busybox sleep 7693'
	await runs '^busybox sleep 7693$'
	no_refusal like "... is in Slurm's cgroup, with its limits" "$(held '^busybox sleep 7693$')" \
		"$in_job"$'\n'"max*$limit"$'\n'"max"$'\n'"$limit"
	as_job scancel --user "$TH_USER"
	no_refusal ok "... and scancel ends it" eventually gone '^busybox sleep 7693$'
	slurm_end
}

if [ -z "${TEST_FULL-}" ]; then
	skip "engines with limits" "they take a minute (tests/check --full)"
elif ! has_controllers; then
	skip "engines with limits" "this host has no memory and pids controllers"
else
	patience=60
	TEST_PATIENCE=60
	test_containerd
	test_slurm
fi
